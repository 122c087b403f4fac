import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { loadConfig } from "./config/load.ts";
import { parseAlerting } from "./managed-input.ts";
import { systemClock } from "./model/clock.ts";
import { runProbeCommand, type ProbeRequest } from "./probe-command.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(target: string, more: Partial<ProbeRequest> = {}): Promise<Ran> {
  const loaded = loadConfig({
    flags: {},
    env: {},
    cwd: "/",
    parseChannel: () => ({ kind: "ok", value: {} }),
    parseAlerting,
    readText: () => {
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    },
  });
  assert.ok(loaded.kind === "ok");
  let out = "";
  let err = "";
  const code = await runProbeCommand(
    { target, json: false, ...more },
    {
      settings: loaded.settings,
      clock: systemClock,
      version: "1.2.3",
      stdout: (text) => (out += text),
      stderr: (text) => (err += text),
    },
  );
  return { code, out, err };
}

async function target(
  t: TestContext,
  answer: string,
): Promise<{ port: number; heard: () => string }> {
  let heard = "";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      heard += bytes.toString();
      socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, heard: () => heard };
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("a target that is up: phases and measurements, code 0", async (t) => {
  const { port, heard } = await target(t, ok);
  const { code, out, err } = await run(`http://127.0.0.1:${port}`);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(
    out,
    new RegExp(`^http http://127\\.0\\.0\\.1:${port}/ is up \\(\\d+\\.\\d ms\\)\n\n`),
  );
  assert.match(out, /^ {2}connect +\d+\.\d{3} ms$/m);
  assert.match(out, /^ {2}probe_http_status_code +200$/m);
  assert.match(heard(), /User-Agent: Belfry\/1\.2\.3\r\n/);
});

test("a target that is down: the reason and the evidence, code 1", async (t) => {
  const { port } = await target(t, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nsick");
  const { code, out } = await run(`http://127.0.0.1:${port}/`);
  assert.equal(code, 1);
  assert.match(out, /^status: status 503, expected 200-299$/m);
  assert.match(out, /^body: sick$/m);
});

test("as JSON", async (t) => {
  const { port } = await target(t, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  const { code, out } = await run(`http://127.0.0.1:${port}/`, { json: true });
  assert.equal(code, 1);
  const report: unknown = JSON.parse(out);
  assert.partialDeepStrictEqual(report, {
    kind: "http",
    target: `http://127.0.0.1:${port}/`,
    result: "down",
    reason: "status",
    status_code: 404,
    certificate_days: null,
    measurements: { probe_success: 0 },
    evidence: { status: 404 },
  });
});

test("settings are set by name, as JSON or text", async (t) => {
  const { port, heard } = await target(t, ok);
  const { code, out } = await run(`http://127.0.0.1:${port}/`, {
    set: [
      "method=POST",
      "headers.X-A=b",
      'body={"kind":"json","value":1}',
      'assertions=[{"kind":"body","comparison":"contains","value":"nope"}]',
    ],
  });
  assert.equal(code, 1);
  assert.match(out, /assertion: the body does not contain "nope"/);
  assert.match(heard(), /^POST \/ [\s\S]*X-A: b\r\n[\s\S]*\r\n\r\n1$/);
});

test("says how many assertions hold", async (t) => {
  const { port } = await target(t, ok);
  const set = ['assertions=[{"kind":"body","comparison":"contains","value":"ok"}]'];
  assert.match(
    (await run(`http://127.0.0.1:${port}/`, { set })).out,
    /^All assertions hold \(1\)\.$/m,
  );
});

test("kinds and their targets", async (t) => {
  const { port } = await target(t, "");
  assert.match((await run(`tcp:127.0.0.1:${port}`)).out, /^tcp 127\.0\.0\.1:\d+ is up/);
  assert.match((await run("tcp:[::1]:1")).out, /^tcp \[::1\]:1 is down/);
  assert.match((await run("tls:::1", { set: ["port=1"] })).out, /^tls \[::1\]:1 is down/);
  assert.match(
    (await run("dns:a.example@127.0.0.1", { set: ["port=1"] })).out,
    /^dns a\.example A @127\.0\.0\.1 is down/,
  );
  assert.match(
    (await run("synthetic:", { set: ["longest_wait_seconds=0.01"] })).out,
    /^synthetic made up is up/,
  );
});

test("what Belfry may not reach is unknown, code 3", async () => {
  const { code, out } = await run("http://169.254.169.254/");
  assert.equal(code, 3);
  assert.match(out, /^guard: 169\.254\.169\.254 is a cloud metadata service$/m);
});

test("the time limit can be chosen", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { code, out } = await run(`http://127.0.0.1:${address.port}/`, { timeout: "3" });
  assert.equal(code, 1);
  assert.match(out, /timeout: read the answer: no complete answer within 3 s/);
});

const misuse: readonly (readonly [target: string, more: Partial<ProbeRequest>, err: RegExp])[] = [
  [
    "example.org",
    {},
    /^belfry: probe: expected a URL or one of http:, tcp:, .* and a target, found example\.org\n$/,
  ],
  ["mail:a", {}, /^belfry: probe: expected a URL or one of/],
  ["http://a..b/", {}, /^belfry: probe: url: expected a URL with a valid host\n$/],
  ["tcp:db", {}, /^belfry: probe: port: is required\n$/],
  [
    "ping:db",
    { set: ["count=many"] },
    /^belfry: probe: count: expected a whole number from 1 to 20, found "many"\n$/,
  ],
  ["ping:db", { set: ["count"] }, /^belfry: probe: --set: expected name=value, found count\n$/],
  [
    "ping:db",
    { timeout: "soon" },
    /^belfry: probe: --timeout: expected seconds from 0\.1 to 600, found soon\n$/,
  ],
  ["ping:db", { timeout: "0" }, /--timeout: expected seconds/],
];

for (const [wrong, more, message] of misuse) {
  test(`${wrong} ${JSON.stringify(more)} is wrong usage, code 2`, async () => {
    const { code, out, err } = await run(wrong, more);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
  });
}
