import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { Outcome } from "../model/outcome.ts";
import { answering, checkOnce, kindOf, serve, tarpit, testParts, until } from "./probe.kit.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "http",
  well: async (t) => {
    const port = await serve(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    return { settings: { url: `http://LOCALHOST:${port}/a#b` } };
  },
  silent: async (t) => ({ settings: { url: `http://127.0.0.1:${await serve(t, tarpit)}/` } }),
  revealing: async (t) => {
    const port = await serve(t, (socket) => {
      socket.once("data", (request: Buffer) => {
        const echo = request.toString("latin1").replaceAll("\r\n", "\n");
        const line = echo.split("\n").find((each) => each.startsWith("X-Token")) ?? "";
        const head = `HTTP/1.1 500 Oops ${line}\r\nEcho: ${line}\r\nContent-Type: text/plain`;
        const encoded = Buffer.from("me:geheim-password").toString("base64");
        socket.end(`${head}\r\n\r\n${echo}\n${encoded} geheim-password`);
      });
    });
    return {
      settings: {
        url: `http://127.0.0.1:${port}/`,
        auth: { kind: "basic", username: "me", password: "geheim-password" },
        secret_headers: { "X-Token": "geheim-token" },
      },
    };
  },
  target: /^http:\/\/localhost:\d+\/a#b$/,
  host: "localhost",
});

async function ask(
  t: TestContext,
  behaviour: (socket: Socket) => void,
  settings = {},
  timeoutMs = 5_000,
): Promise<Outcome> {
  const port = await serve(t, behaviour);
  return await checkOnce(
    kindOf("http"),
    { url: `http://127.0.0.1:${port}/`, ...settings },
    { timeoutMs },
  );
}

/** Writes a piece every few milliseconds for as long as it may. */
function endless(first: string, piece: string, everyMs = 1): (socket: Socket) => void {
  return (socket) =>
    socket.once("data", () => {
      socket.write(first);
      const timer = setInterval(() => socket.write(piece), everyMs);
      socket.on("close", () => clearInterval(timer));
    });
}

const head = "HTTP/1.1 200 OK\r\n";
const whole = (body: string, fields = ""): string =>
  `${head}${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Servers that mean no good, and what a check makes of them within 400 ms. */
const hostile: readonly {
  readonly says: string;
  readonly server: (socket: Socket) => void;
  readonly settings?: object;
  readonly reason: string;
  readonly message: RegExp;
}[] = [
  {
    says: "accepts and says nothing",
    server: tarpit,
    reason: "timeout",
    message: /^read the answer: no complete answer within 0.4 s$/,
  },
  {
    says: "sends a byte now and then",
    server: endless("H", "T", 50),
    reason: "timeout",
    message: /within 0.4 s$/,
  },
  {
    says: "sends its body a byte at a time",
    server: endless(`${head}Content-Length: 1000\r\n\r\n`, "x", 20),
    reason: "timeout",
    message: /within 0.4 s$/,
  },
  {
    says: "sends chunks of a byte without an end",
    server: endless(`${head}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n", 10),
    reason: "timeout",
    message: /within 0.4 s$/,
  },
  {
    says: "sends interim answers without an end",
    server: endless("", "HTTP/1.1 102 Processing\r\n\r\n", 10),
    reason: "timeout",
    message: /within 0.4 s$/,
  },
  {
    says: "sends header fields without an end",
    server: endless(head, `A: ${"b".repeat(4_000)}\r\n`),
    reason: "too_large",
    message: /head is larger than 65536 bytes$/,
  },
  {
    says: "sends a body without an end",
    server: endless(`${head}\r\n`, "x".repeat(50_000)),
    settings: { body_limit_bytes: 200_000 },
    reason: "too_large",
    message: /larger than 200000 bytes$/,
  },
  {
    says: "announces a body that is too large",
    server: answering(`${head}Content-Length: 99999999999\r\n\r\n`),
    reason: "too_large",
    message: /\(99999999999 bytes\)$/,
  },
  {
    says: "hangs up without a word",
    server: (socket) => socket.once("data", () => socket.end()),
    reason: "reset",
    message: /without an answer$/,
  },
  {
    says: "hangs up before it was asked",
    server: (socket) => socket.end(),
    reason: "reset",
    message: /./,
  },
  {
    says: "resets the connection",
    server: (socket) => socket.once("data", () => socket.resetAndDestroy()),
    reason: "reset",
    message: /ECONNRESET|without an answer/,
  },
  {
    says: "resets in the middle of the body",
    server: (socket) =>
      socket.once("data", () => {
        socket.write(`${head}Content-Length: 9\r\n\r\nx`);
        setTimeout(() => socket.resetAndDestroy(), 20);
      }),
    reason: "reset",
    message: /ECONNRESET|after 1 of 9 bytes/,
  },
  {
    says: "sends less than it announced",
    server: answering(`${head}Content-Length: 9\r\n\r\nx`),
    reason: "reset",
    message: /after 1 of 9 bytes of the body$/,
  },
  {
    says: "sends half a chunk",
    server: answering(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab`),
    reason: "reset",
    message: /after 2 bytes of the body$/,
  },
  {
    says: "sends chunks that are none",
    server: answering(`${head}Transfer-Encoding: chunked\r\n\r\nhello`),
    reason: "reset",
    message: /./,
  },
  {
    says: "speaks another protocol",
    server: answering("220 mail ESMTP\r\n\r\n"),
    reason: "protocol",
    message: /"220 mail ESMTP"$/,
  },
  {
    says: "sends nothing but zeros",
    server: answering(Buffer.alloc(100_000)),
    reason: "too_large",
    message: /head is larger/,
  },
  {
    says: "sends a bomb",
    server: answering(
      Buffer.concat([
        Buffer.from(`${head}Content-Encoding: gzip\r\n\r\n`),
        gzipSync(Buffer.alloc(5_000_000)),
      ]),
    ),
    settings: {
      body_limit_bytes: 1_000_000,
      assertions: [{ kind: "body", comparison: "contains", value: "x" }],
    },
    reason: "too_large",
    message: /unpacks to more than 1000000 bytes$/,
  },
  {
    says: "says gzip and sends text",
    server: answering(whole("hello", "Content-Encoding: gzip\r\n")),
    settings: { assertions: [{ kind: "body", comparison: "contains", value: "x" }] },
    reason: "protocol",
    message: /^the body is not gzip/,
  },
];

for (const row of hostile) {
  test(`a server that ${row.says} is down: ${row.reason}`, async (t) => {
    const before = performance.now();
    const outcome = await ask(t, row.server, row.settings, 400);
    assert.ok(performance.now() - before < 1_400, "ended too late");
    assert.ok(outcome.result === "down", JSON.stringify(outcome));
    assert.equal(outcome.reason, row.reason);
    assert.match(outcome.message, row.message);
  });
}

/** Answers that are odd but in order. */
const fine: readonly {
  readonly says: string;
  readonly answer: string | Buffer;
  readonly settings?: object;
}[] = [
  { says: "closes only its half of the connection", answer: `${head}\r\nok` },
  { says: "sends garbage behind the answer", answer: `${whole("ok")}garbage` },
  { says: "answers 204", answer: "HTTP/1.1 204 No Content\r\n\r\n" },
  {
    says: "sends a bomb nobody looks into",
    answer: Buffer.concat([
      Buffer.from(`${head}Content-Encoding: gzip\r\n\r\n`),
      gzipSync(Buffer.alloc(5_000_000)),
    ]),
    settings: { body_limit_bytes: 1_000_000 },
  },
  {
    says: "answers HEAD with a length alone",
    answer: `${head}Content-Length: 999\r\n\r\n`,
    settings: { method: "HEAD" },
  },
];

for (const row of fine) {
  test(`a server that ${row.says} is up`, async (t) => {
    const outcome = await ask(t, answering(row.answer), row.settings);
    assert.equal(outcome.result, "up", JSON.stringify(outcome));
  });
}

const page = whole(
  JSON.stringify({
    status: "ok",
    queue: { length: 7 },
    nodes: [{ up: true }, { up: true }],
    version: "1.4.2",
  }),
  "Content-Type: application/json\r\nX-Cache: HIT\r\n",
);

/** An assertion about that page, and what is said when it does not hold. */
const assertions: readonly (readonly [assertion: object, message: string | null])[] = [
  [{ kind: "status", comparison: "==", value: 200 }, null],
  [{ kind: "status", comparison: "<", value: 200 }, "status is 200, expected < 200"],
  [{ kind: "header", name: "x-cache", comparison: "exists" }, null],
  [{ kind: "header", name: "X-Nope", comparison: "exists" }, "there is no header X-Nope"],
  [{ kind: "header", name: "X-Nope", comparison: "missing" }, null],
  [
    { kind: "header", name: "X-Cache", comparison: "missing" },
    'header X-Cache is "HIT", expected none',
  ],
  [{ kind: "header", name: "X-Cache", comparison: "==", value: "HIT" }, null],
  [
    { kind: "header", name: "X-Cache", comparison: "!=", value: "HIT" },
    'header X-Cache is "HIT", expected != "HIT"',
  ],
  [{ kind: "header", name: "Content-Type", comparison: "contains", value: "json" }, null],
  [
    { kind: "header", name: "Content-Type", comparison: "matches", value: "^text/" },
    'header Content-Type does not match "^text/"',
  ],
  [
    { kind: "header", name: "X-Nope", comparison: "matches", value: "a" },
    "there is no header X-Nope",
  ],
  [{ kind: "body", comparison: "contains", value: '"ok"' }, null],
  [{ kind: "body", comparison: "contains", value: "fail" }, 'the body does not contain "fail"'],
  [{ kind: "body", comparison: "not_contains", value: "fail" }, null],
  [{ kind: "body", comparison: "not_contains", value: "ok" }, 'the body contains "ok"'],
  [{ kind: "body", comparison: "matches", value: "version.{3}1\\.[0-9]+" }, null],
  [
    { kind: "body", comparison: "matches", value: "version.{3}2" },
    'the body does not match "version.{3}2"',
  ],
  [{ kind: "body", comparison: "not_matches", value: "(?i)OK" }, 'the body matches "(?i)OK"'],
  [{ kind: "json_path", path: "$.status", comparison: "==", value: "ok" }, null],
  [
    { kind: "json_path", path: "$.queue.length", comparison: "<", value: 7 },
    "$.queue.length is 7, expected < 7",
  ],
  [
    { kind: "json_path", path: "$.queue.length", comparison: "<", value: "10" },
    '$.queue.length is 7, expected < "10": two numbers or two texts are needed',
  ],
  [{ kind: "json_path", path: "$.nodes[*].up", comparison: "==", value: true }, null],
  [
    { kind: "json_path", path: "$.nodes[2].up", comparison: "==", value: true },
    "$.nodes[2].up selects nothing",
  ],
  [{ kind: "json_path", path: "$.nodes[2]", comparison: "missing" }, null],
  [{ kind: "json_path", path: "$.nope", comparison: "!=", value: 1 }, "$.nope selects nothing"],
  [{ kind: "json_path", path: "$.nope", comparison: "exists" }, "$.nope selects nothing"],
  [
    { kind: "json_path", path: "$.status", comparison: "missing" },
    '$.status is "ok", expected nothing',
  ],
  [{ kind: "json_path", path: "$.version", comparison: "matches", value: "^1\\." }, null],
  [
    { kind: "json_path", path: "$.queue.length", comparison: "matches", value: "7" },
    "$.queue.length is 7, expected text to match",
  ],
  [{ kind: "response_time", most_seconds: 5 }, null],
  [{ kind: "certificate_days", least_days: 1 }, "there is no certificate to look at"],
];

for (const [assertion, message] of assertions) {
  test(`${JSON.stringify(assertion)} ${message === null ? "holds" : "does not hold"}`, async (t) => {
    const outcome = await ask(t, answering(page), { assertions: [assertion] });
    if (message === null) return assert.equal(outcome.result, "up", JSON.stringify(outcome));
    assert.ok(outcome.result === "down");
    assert.equal(outcome.reason, "assertion");
    assert.equal(outcome.message, message);
  });
}

test("a slow answer does not hold a response time, nor does a stall of Belfry's own make it slow", async (t) => {
  const slow = (socket: Socket): void =>
    void socket.once("data", () => setTimeout(() => socket.end(page), 60));
  const settings = { assertions: [{ kind: "response_time", most_seconds: 0.05 }] };
  const outcome = await ask(t, slow, settings);
  assert.ok(outcome.result === "down");
  assert.match(outcome.message, /^response time is 0\.\d{3} s, expected at most 0.05 s$/);
  const stalled = kindOf("http", testParts({}, {}, { stalledBetween: () => 5_000 }));
  const port = await serve(t, slow);
  const again = await checkOnce(stalled, { url: `http://127.0.0.1:${port}/`, ...settings });
  assert.equal(again.result === "unknown" && again.reason, "internal");
});

test("JSON that is none, and text in another character set", async (t) => {
  const json = { assertions: [{ kind: "json_path", path: "$", comparison: "exists" }] };
  const outcome = await ask(t, answering(whole("{oops")), json);
  assert.equal(outcome.result === "down" && outcome.message, "the body is not JSON");
  const latin = Buffer.concat([
    Buffer.from(`${head}Content-Type: text/html; charset=iso-8859-1\r\n\r\n`),
    Buffer.from("Grüße", "latin1"),
  ]);
  const body = { assertions: [{ kind: "body", comparison: "contains", value: "Grüße" }] };
  assert.equal((await ask(t, answering(latin), body)).result, "up");
});

test("JSON longer than what is read of it is too large, not wrong", async (t) => {
  const settings = {
    assertions: [{ kind: "json_path", path: "$[0]", comparison: "==", value: 1 }],
  };
  const outcome = await ask(t, answering(whole(`[1,"${"x".repeat(1_100_000)}"]`)), settings);
  assert.equal(outcome.result === "down" && outcome.reason, "too_large");
});

test("an unexpected status comes with its evidence", async (t) => {
  const body = `a\0b\u001b[31m\ud83d\ude00\n${"x".repeat(5_000)}`;
  const answer = `HTTP/1.1 503 Busy\r\nSet-Cookie: sid=geheim\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const outcome = await ask(t, answering(answer), { accepted_status: ["200", "3xx"] });
  assert.ok(outcome.result === "down");
  assert.equal(outcome.reason, "status");
  assert.equal(outcome.message, "status 503, expected 200, 3xx");
  assert.equal(outcome.statusCode, 503);
  const { phases, url, body: text, ...rest } = outcome.evidence;
  assert.deepEqual(Object.keys(Object(phases)), [
    "resolve",
    "connect",
    "tls",
    "processing",
    "transfer",
  ]);
  assert.ok(typeof url === "string" && typeof text === "string");
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.equal(text.length, 4_096);
  assert.ok(text.startsWith("a\ufffdb\ufffd[31m😀\nxxx"));
  assert.deepEqual(rest, {
    method: "GET",
    remote_address: "127.0.0.1",
    http_version: "1.1",
    status: 503,
    status_text: "Busy",
    headers: {
      "set-cookie": "•••",
      "x-a": "1, 2",
      "content-length": String(Buffer.byteLength(body)),
    },
    body_bytes: Buffer.byteLength(body),
  });
});

test("header fields with the names of an object's own parts are kept as they are", async (t) => {
  const fields = "constructor: a\r\n__proto__: b\r\nToString: c\r\n";
  const outcome = await ask(t, answering(`HTTP/1.1 500 No\r\n${fields}Content-Length: 0\r\n\r\n`));
  assert.ok(outcome.result === "down");
  const headers = JSON.stringify(outcome.evidence["headers"]);
  assert.equal(headers, '{"constructor":"a","__proto__":"b","tostring":"c","content-length":"0"}');
});

test("the evidence of a packed body is its text", async (t) => {
  const packed = gzipSync("Internal error: disk full");
  const answer = Buffer.concat([
    Buffer.from(`HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\n\r\n`),
    packed,
  ]);
  const outcome = await ask(t, answering(answer));
  assert.equal(outcome.result === "down" && outcome.evidence["body"], "Internal error: disk full");
});

test("the phases of a slow server are where they belong", async (t) => {
  const outcome = await ask(t, (socket) =>
    socket.once("data", () =>
      setTimeout(() => {
        socket.write(`${head}Content-Length: 2\r\n\r\no`);
        setTimeout(() => socket.end("k"), 60);
      }, 120),
    ),
  );
  assert.ok(outcome.result === "up");
  const phase = (name: string): number =>
    outcome.measurements[`probe_http_duration_seconds{phase="${name}"}`] ?? -1;
  assert.ok(phase("processing") >= 0.115 && phase("transfer") >= 0.055, JSON.stringify(outcome));
  assert.equal(phase("tls"), 0);
  const sum = ["resolve", "connect", "tls", "processing", "transfer"].reduce(
    (all, name) => all + phase(name),
    0,
  );
  assert.ok(Math.abs(sum - (outcome.measurements["probe_duration_seconds"] ?? 0)) < 0.2);
});

test("the connection is closed as soon as the answer is complete", async (t) => {
  let open = 0;
  const outcome = await ask(t, (socket) => {
    open += 1;
    socket.on("close", () => (open -= 1));
    socket.on("end", () => socket.end());
    socket.once("data", () => socket.write(whole("ok")));
  });
  assert.equal(outcome.result, "up");
  await until("the server sees it closed", () => open === 0);
});
