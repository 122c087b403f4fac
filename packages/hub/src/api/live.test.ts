import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import type { MonitorView, NewKeyView } from "@belfry/contract";
import { openTestHub, upOutcome, type TestHub } from "./hub.kit.ts";

/** Opens the stream over a real socket. */
async function open(
  hub: TestHub,
  query: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const address = hub.api.app.server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ port: address.port, host: "127.0.0.1", path: `/api/v1/live${query}`, headers }, resolve).on(
    "error",
    reject,
  );
  return promise;
}

/** Reads until the text holds what is looked for. */
async function until(stream: AsyncIterator<Buffer>, wanted: string): Promise<string> {
  let text = "";
  while (!text.includes(wanted)) {
    const { value, done } = await stream.next();
    assert.ok(done !== true, `the stream ended after ${text}`);
    text += value.toString();
  }
  return text;
}

describe("GET /api/v1/live", () => {
  test("streams what happens to the monitors that are asked for", async (t) => {
    const hub = await openTestHub(t);
    await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const body = { name: "api", url: "http://127.0.0.1:9/" };
    const { id } = (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>();
    const response = await open(hub, `?monitors=${id}`);
    assert.match(String(response.headers["content-type"]), /^text\/event-stream/);
    const stream = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    await until(stream, '"pending":1');
    await hub.check(id, upOutcome);
    const text = await until(stream, "event: checks");
    assert.match(text, new RegExp(`"id":"${id}","status":"up"`));
    response.destroy();
  });

  test("ends when the hub stops, so that stopping need not wait", async (t) => {
    const hub = await openTestHub(t);
    await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const response = await open(hub, "");
    await until(response[Symbol.asyncIterator]() as AsyncIterator<Buffer>, "counts");
    await hub.api[Symbol.asyncDispose]();
    assert.equal(hub.live.stats.readers, 0);
  });

  test("forgets a reader that goes away", async (t) => {
    const hub = await openTestHub(t);
    await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const response = await open(hub, "");
    await until(response[Symbol.asyncIterator]() as AsyncIterator<Buffer>, "counts");
    response.destroy();
    while (hub.live.stats.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("ends with the key it was opened with", async (t) => {
    const hub = await openTestHub(t);
    await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const made = await hub.ask("POST", "/api/v1/keys", {
      body: { name: "page", scopes: ["read"] },
    });
    const { key, id } = made.json<NewKeyView>();
    const response = await open(hub, "", { "x-api-key": key });
    const ended = new Promise((resolve) => response.once("end", resolve).resume());
    await hub.ask("DELETE", `/api/v1/keys/${id}`);
    await ended;
  });

  test("answers reset to an id of another time", async (t) => {
    const hub = await openTestHub(t);
    await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const response = await open(hub, "", { "last-event-id": "1" });
    await until(response[Symbol.asyncIterator]() as AsyncIterator<Buffer>, "event: reset");
    response.destroy();
  });
});
