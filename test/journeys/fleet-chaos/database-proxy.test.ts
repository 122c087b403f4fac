import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openDatabaseProxy } from "../../kit/database-proxy.ts";

/** A server that says everything back. */
async function startEcho(t: TestContext): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `postgres://belfry@127.0.0.1:${address.port}/x`;
}

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = await once(socket, "data");
  return String(answer);
}

test("what was sent while the way was silent arrives when it is joined, on connections old and new", async (t) => {
  await using proxy = await openDatabaseProxy(await startEcho(t));
  const old = await open(proxy.url);
  assert.equal(await say(old, "before"), "before");
  await proxy.cut("silent");
  const fresh = await open(proxy.url);
  const answers = [say(old, "old"), say(fresh, "new")];
  const first = await Promise.race([...answers, delay(100, "silence")]);
  assert.equal(first, "silence");
  await proxy.join();
  assert.deepEqual(await Promise.all(answers), ["old", "new"]);
  old.destroy();
  fresh.destroy();
});

test("a way that is refused breaks connections, lets none in, and is joined at the same port", async (t) => {
  await using proxy = await openDatabaseProxy(await startEcho(t));
  const old = await open(proxy.url);
  assert.equal(await say(old, "before"), "before");
  const broken = once(old, "error");
  await proxy.cut("refused");
  assert.match(String(await broken), /ECONNRESET/);
  await assert.rejects(open(proxy.url), /ECONNREFUSED/);
  await proxy.join();
  const fresh = await open(proxy.url);
  assert.equal(await say(fresh, "after"), "after");
  fresh.destroy();
});
