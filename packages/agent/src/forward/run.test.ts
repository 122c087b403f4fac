import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runForwarder } from "./run.ts";

/** A small real server: a source at `/system`, and a Monitoring Stack at `/metrics` that answers as it is told. */
class Stack {
  readonly server: Server;
  readonly taken: { timestamp: number; at: number; [key: string]: unknown }[] = [];
  posts = 0;
  /** Status of answers to posts; 0: the connection is cut. */
  status = 200;
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      if (request.method === "GET") {
        response.end(JSON.stringify(snapshot));
        return;
      }
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.posts += 1;
        if (this.status === 200) {
          const body = JSON.parse(Buffer.concat(chunks).toString()) as { timestamp: number };
          this.taken.push({ ...body, at: Date.now() });
        }
        if (this.status === 0) response.destroy();
        else response.writeHead(this.status).end('{"status":"ok"}');
        for (const waiter of this.#waiting) if (waiter.isMet()) waiter.resolve();
      });
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

const snapshot = {
  collected_at: "2026-01-01T00:00:00.000000+00:00",
  cpu: { percent: 12.34 },
  memory: { percent: 40 },
  disk: { percent: 55.6 },
  disk_io: { read_bytes: 1, write_bytes: 2 },
};

let source: Stack;
let stack: Stack;
let folder = "";
let stop: AbortController;
let output = "";

beforeEach(async () => {
  source = new Stack();
  stack = new Stack();
  stop = new AbortController();
  output = "";
  folder = await mkdtemp(join(tmpdir(), "belfry-forward-"));
  await source.listen();
});
afterEach(async () => {
  await source.close();
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

function run(env: Record<string, string>, signal = stop.signal): Promise<number> {
  return runForwarder([], {
    name: "system-stats-forwarder",
    env: {
      SYSTEM_STATS_URL: `http://127.0.0.1:${source.port}/system`,
      SYSTEM_STATS_FORWARD_INTERVAL: "0.1",
      ...env,
    },
    stdout: () => undefined,
    stderr: (text) => {
      output += text;
    },
    version: "0.1.0",
    signal,
    clock: { now: Date.now, monotonicMs: () => performance.now() },
  });
}

describe("the forwarder", { timeout: 30_000 }, () => {
  it("posts what it reads, and logs the percentages", async () => {
    const url = `${await stack.listen()}/metrics`;
    const running = run({ MONITORING_SERVER_METRICS_URL: url });
    await stack.until(() => stack.taken.length >= 2);
    stop.abort();
    assert.equal(await running, 0);
    const [first] = stack.taken;
    assert.equal(typeof first?.["hostname"], "string");
    assert.deepEqual([first?.["cpu"], first?.["ram"], first?.["disk"]], [12.34, 40, 55.6]);
    assert.match(output, / Forwarded metrics: cpu=12\.3% ram=40\.0% disk=55\.6% server=http:/);
  });

  it("keeps what a dead server does not take, and sends it later with its own times", async () => {
    const url = `${await stack.listen()}/metrics`;
    stack.status = 503;
    const began = Date.now();
    const running = run({ MONITORING_SERVER_METRICS_URL: url });
    await stack.until(() => stack.posts >= 4 && Date.now() - began > 1200);
    stack.status = 200;
    const back = Date.now();
    await stack.until(() => {
      const last = stack.taken.at(-1);
      return stack.taken.some((one) => one.timestamp * 1000 < back - 1000) && last !== undefined;
    });
    stop.abort();
    assert.equal(await running, 0);
    const live = stack.taken[0];
    assert.ok(live !== undefined && live.timestamp >= Math.floor(back / 1000) - 1);
    const kept = stack.taken.filter((one) => one.timestamp < Math.floor(back / 1000));
    assert.deepEqual(
      kept.map((one) => one.timestamp),
      kept.map((one) => one.timestamp).toSorted((a, b) => a - b),
    );
    assert.match(output, /Forwarding failed; the sample is kept and sent later/);
  });

  it("goes on with what an earlier process kept", async () => {
    const url = `${await stack.listen()}/metrics`;
    stack.status = 0;
    const env = { MONITORING_SERVER_METRICS_URL: url, SYSTEM_STATS_FORWARD_BUFFER_DIR: folder };
    const running = run(env);
    await stack.until(() => stack.posts >= 3);
    stop.abort();
    await running;
    stack.status = 200;
    stack.taken.length = 0;
    const second = new AbortController();
    // The interval is long: what comes after the first sample was kept before.
    const again = run({ ...env, SYSTEM_STATS_FORWARD_INTERVAL: "3600" }, second.signal);
    await stack.until(() => stack.taken.length >= 3);
    second.abort();
    assert.equal(await again, 0);
  });

  it("sends to each server on its own, and never again what one refused", async () => {
    const refusing = new Stack();
    refusing.status = 400;
    const urls = [`${await refusing.listen()}/metrics`, `${await stack.listen()}/metrics`];
    const running = run({ MONITORING_SERVER_METRICS_URL: urls.join(" , ") });
    await Promise.all([
      refusing.until(() => refusing.posts >= 3),
      stack.until(() => stack.taken.length >= 3),
    ]);
    stop.abort();
    await running;
    const refused = [...output.matchAll(/The server refused a sample/g)].length;
    assert.ok(Math.abs(refused - refusing.posts) <= 1);
    assert.doesNotMatch(output, /the sample is kept/);
    await refusing.close();
  });

  it("says that the source cannot be read, and goes on", async () => {
    const url = `${await stack.listen()}/metrics`;
    const { port } = source;
    await source.close();
    const running = run({
      MONITORING_SERVER_METRICS_URL: url,
      SYSTEM_STATS_URL: `http://127.0.0.1:${port}/system`,
    });
    source = new Stack();
    await source.listen(port);
    await stack.until(() => stack.taken.length >= 1);
    stop.abort();
    await running;
  });

  for (const [name, value, message] of [
    [
      "SYSTEM_STATS_FORWARD_INTERVAL",
      "soon",
      "expected a number of seconds from 0.1 to 86400, found soon",
    ],
    [
      "SYSTEM_STATS_URL",
      "nowhere",
      "expected an address like http://127.0.0.1:5050/metrics, found nowhere",
    ],
    ["MONITORING_SERVER_METRICS_URL", " , ", "expected an address, found none"],
    ["SYSTEM_STATS_FORWARD_LOG_LEVEL", "LOUD", "expected debug, info, warn or error, found LOUD"],
  ] as const) {
    it(`ends with 2 for ${name}=${value}`, async () => {
      assert.equal(await run({ [name]: value }), 2);
      assert.equal(output, `system-stats-forwarder: ${name}: ${message}\n`);
    });
  }
});
