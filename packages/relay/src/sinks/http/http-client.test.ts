import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { createHttpClient, type HttpClientSettings } from "./http-client.ts";

async function startServer(handle: Parameters<typeof createServer>[1]) {
  const server = createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function get(url: string, settings: Partial<HttpClientSettings> = {}) {
  using client = createHttpClient({ timeoutMs: 5_000, ...settings });
  return await client.send({ method: "GET", url }, AbortSignal.timeout(10_000));
}

describe("the HTTP client of sinks", () => {
  for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
    it(`dials no address that is refused: ${host}`, async () => {
      let asked = 0;
      await using server = await startServer((_request, response) => {
        asked += 1;
        response.end();
      });
      const refuseAddress = (address: string): string => `${address} is out of bounds`;
      const outcome = await get(`http://${host}:${server.port}/`, { refuseAddress });
      assert.equal(outcome.kind, "failed");
      assert.match(
        outcome.kind === "failed" ? outcome.why : "",
        /must not be dialled: .* out of bounds/,
      );
      assert.ok(
        outcome.kind === "failed" && outcome.isSetting,
        "somebody has to change the address",
      );
      assert.equal(asked, 0);
    });
  }

  it("dials what is allowed by name", async () => {
    await using server = await startServer((_request, response) => response.end("hello"));
    const asked: string[] = [];
    const refuseAddress = (address: string): string | undefined => {
      asked.push(address);
      return address.includes(":") ? "not by IPv6" : undefined;
    };
    const outcome = await get(`http://localhost:${server.port}/`, { refuseAddress });
    assert.equal(outcome.kind === "answer" ? outcome.body : outcome.why, "hello");
    assert.ok(asked.includes("127.0.0.1"));
  });

  it("says when no answer comes in time, and when one is endless", async () => {
    await using silent = await startServer(() => undefined);
    const none = await get(`http://127.0.0.1:${silent.port}/`, { timeoutMs: 50 });
    assert.deepEqual(none, { kind: "failed", why: "no answer within 50 ms", isSetting: false });
    await using endless = await startServer((_request, response) => {
      const piece = Buffer.alloc(1024 * 1024);
      const write = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", write);
      write();
    });
    const long = await get(`http://127.0.0.1:${endless.port}/`);
    assert.match(long.kind === "failed" ? long.why : "", /longer than/);
  });
});
