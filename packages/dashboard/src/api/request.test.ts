import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { createRequester, type RequestParts } from "./request.ts";

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that answers as told, and a requester that reaches it. */
async function serve(
  answer: (response: ServerResponse) => void,
  parts: Partial<RequestParts> = {},
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push({ method: request.method, headers: request.headers, body });
      answer(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const base = typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
  let expelled = 0;
  const requester = createRequester({
    fetch: (path, init) => fetch(base + path, init),
    csrfToken: () => null,
    onUnauthenticated: () => (expelled += 1),
    ...parts,
  });
  return {
    seen,
    ...requester,
    expelled: () => expelled,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function json(status: number, body: unknown): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
}

test("a change carries its body, the version it is for and the session's token", async () => {
  await using hub = await serve(json(200, { id: "a" }), { csrfToken: () => "token" });
  const reply = await hub.ask("PUT", "/x", { body: { name: "ä" }, ifMatch: 3 });
  assert.deepEqual(reply, { kind: "ok", value: { id: "a" } });
  const [request] = hub.seen;
  assert.equal(request?.body, '{"name":"ä"}');
  assert.equal(request?.headers["if-match"], '"3"');
  assert.equal(request?.headers["x-csrf-token"], "token");
  assert.equal(request?.headers["content-type"], "application/json");
});

test("reading carries no token", async () => {
  await using hub = await serve(json(200, {}), { csrfToken: () => "token" });
  await hub.ask("GET", "/x");
  assert.equal(hub.seen[0]?.headers["x-csrf-token"], undefined);
});

test("no content is no value", async () => {
  await using hub = await serve((response) => response.writeHead(204).end());
  assert.deepEqual(await hub.ask("DELETE", "/x"), { kind: "ok", value: undefined });
});

test("a problem is a failure; only 401 asks for a key", async () => {
  await using refusing = await serve(json(403, { title: "No", code: "forbidden" }));
  const refused = await refusing.ask("GET", "/x");
  assert.equal(
    refused.kind === "failed" && refused.failure.kind === "problem" && refused.failure.code,
    "forbidden",
  );
  assert.equal(refusing.expelled(), 0);
  await using asking = await serve(json(401, { title: "Key", code: "unauthenticated" }));
  await asking.ask("GET", "/x");
  assert.equal(asking.expelled(), 1);
});

test("what is no JSON is a failure, not a crash", async () => {
  await using hub = await serve((response) => response.end("<html>a proxy's page</html>"));
  const reply = await hub.ask("GET", "/x");
  assert.equal(reply.kind, "failed");
});

test("a connection that is cut, refused or given up is a hub that could not be reached", async () => {
  await using hub = await serve((response) => response.destroy());
  const unreachable = { kind: "failed", failure: { kind: "unreachable" } };
  assert.deepEqual(await hub.ask("GET", "/x"), unreachable);
  const aborted = await hub.ask("GET", "/x", { signal: AbortSignal.abort() });
  assert.deepEqual(aborted, unreachable);
});
