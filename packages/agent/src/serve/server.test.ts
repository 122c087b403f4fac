import assert from "node:assert/strict";
import { connect } from "node:net";
import { request, type IncomingHttpHeaders } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { serveAgent, type AgentServer, type AgentServerParts } from "./server.ts";

let server: AgentServer;
const large = `# HELP a b\n${"x 1\n".repeat(500)}`;
const nothing: AgentServerParts = {
  system: () => null,
  snapshot: () => null,
  metrics: (format) => (format === "openmetrics" ? "# EOF\n" : large),
  warn: () => undefined,
};

beforeEach(async () => {
  server = await serveAgent({ listen: { host: "127.0.0.1", port: 0 } }, nothing);
});
afterEach(() => server[Symbol.asyncDispose]());

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(path: string, method = "GET", headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port: server.address.port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

describe("the agent's server", () => {
  for (const [method, path, status, body] of [
    ["GET", "/health", 200, '{"status":"ok"}'],
    ["GET", "/health?x=1", 200, '{"status":"ok"}'],
    ["HEAD", "/health", 200, ""],
    ["GET", "/", 404, '{"detail":"Not Found"}'],
    ["POST", "/nowhere", 404, '{"detail":"Not Found"}'],
    ["POST", "/system", 405, '{"detail":"Method Not Allowed"}'],
    ["DELETE", "/metrics", 405, '{"detail":"Method Not Allowed"}'],
    ["GET", "/system", 503, '{"detail":"No sample was taken yet"}'],
    ["GET", "/snapshot", 503, '{"detail":"No sample was taken yet"}'],
  ] as const) {
    it(`answers ${status} to ${method} ${path}`, async () => {
      const reply = await ask(path, method);
      assert.equal(reply.status, status);
      assert.equal(reply.body.toString(), body);
      assert.equal(reply.headers["content-type"], "application/json");
      if (status === 405) assert.equal(reply.headers.allow, "GET, HEAD");
    });
  }

  it("tells with HEAD how long the answer would be", async () => {
    const reply = await ask("/metrics", "HEAD");
    assert.deepEqual(
      [reply.headers["content-length"], reply.body.length],
      [String(large.length), 0],
    );
  });

  it("compresses where that is asked for", async () => {
    const reply = await ask("/metrics", "GET", { "accept-encoding": "br, gzip" });
    assert.equal(reply.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(reply.body).toString(), large);
    const plain = await ask("/metrics", "GET", { "accept-encoding": "gzip;q=0" });
    assert.equal(plain.body.toString(), large);
  });

  it("gives OpenMetrics to whoever asks for it", async () => {
    const reply = await ask("/metrics", "GET", { accept: "application/openmetrics-text" });
    assert.match(reply.headers["content-type"] ?? "", /^application\/openmetrics-text/);
    assert.equal(reply.body.toString(), "# EOF\n");
  });

  for (const [host, status] of [
    ["localhost:5001", 200],
    ["[::1]", 200],
    ["127.0.0.1", 200],
    ["rebound.example:5001", 403],
    ["127.0.0.1.evil.example", 403],
  ] as const) {
    it(`answers ${status} on loopback to the name ${host}`, async () => {
      assert.equal((await ask("/health", "GET", { host })).status, status);
    });
  }

  it("reads no body: the connection ends with the answer", async () => {
    const socket = connect(server.address.port, "127.0.0.1");
    socket.write(
      "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nabc",
    );
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, /^HTTP\/1\.1 405 /);
    assert.match(text, /connection: close/i);
  });

  it("refuses headers beyond 8 KiB", async () => {
    assert.equal((await ask("/health", "GET", { "x-long": "x".repeat(9000) })).status, 431);
  });
});
