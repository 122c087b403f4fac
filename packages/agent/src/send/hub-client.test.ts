import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { HubClient } from "./hub-client.ts";

/** A server that treats its requests in turn: answers `ok`, or breaks the connection. */
async function startServer(manners: readonly ("answer" | "break")[]): Promise<{
  url: string;
  ports: number[];
  server: Server;
}> {
  const ports: number[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const manner = manners[ports.length];
      ports.push(request.socket.remotePort ?? 0);
      if (manner === "break") request.socket.resetAndDestroy();
      else response.end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ports, server };
}

const body = Buffer.from("a batch");
const never = new AbortController().signal;

describe("a hub client", () => {
  it("keeps its connection, and tries once more when that breaks as it is used", async () => {
    const { url, ports, server } = await startServer(["answer", "answer", "break", "answer"]);
    using client = new HubClient({ url, key: null, ca: null, version: "0" });
    for (let request = 0; request < 3; request += 1) {
      assert.equal((await client.post(body, never)).body, "ok");
    }
    assert.equal(ports.length, 4);
    assert.equal(new Set(ports.slice(0, 3)).size, 1, "one connection until it broke");
    assert.notEqual(ports[3], ports[0]);
    server.close();
  });

  it("fails when a new connection breaks", async () => {
    const { url, ports, server } = await startServer(["break"]);
    using client = new HubClient({ url, key: null, ca: null, version: "0" });
    await assert.rejects(client.post(body, never), { code: "ECONNRESET" });
    assert.equal(ports.length, 1);
    server.close();
  });

  it("gives up when it is told to", async () => {
    const { url, server } = await startServer(["answer"]);
    server.removeAllListeners("request");
    using client = new HubClient({ url, key: null, ca: null, version: "0" });
    const stop = new AbortController();
    const posted = client.post(body, stop.signal);
    server.once("request", () => stop.abort());
    await assert.rejects(posted, { name: "AbortError" });
    server.close();
  });
});
