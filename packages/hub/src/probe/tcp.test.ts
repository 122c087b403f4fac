import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { unescape } from "./escape.ts";
import { checkOnce, kindOf, serve, tarpit } from "./probe.kit.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "tcp",
  well: async (t) => ({ settings: { host: "127.0.0.1", port: await serve(t, tarpit) } }),
  silent: async (t) => {
    const port = await serve(t, tarpit);
    return { settings: { host: "127.0.0.1", port, steps: [{ kind: "expect", value: "220" }] } };
  },
  target: /^127\.0\.0\.1:\d+$/,
  host: "127.0.0.1",
});

const expect = (value: string): object => ({ kind: "expect", value });
const matching = (value: string): object => ({ kind: "expect", comparison: "matches", value });
const send = (text: string): object => ({ kind: "send", text });

/** Greets, then says each line back in upper case. */
function parrot(socket: Socket): void {
  socket.write("220 parrot\r\n");
  socket.on("end", () => socket.end());
  socket.on("data", (bytes: Buffer) => socket.write(bytes.toString().toUpperCase()));
}

function trickle(text: string): (socket: Socket) => void {
  return (socket) => {
    let at = 0;
    const timer = setInterval(() => socket.write(text[at++] ?? "."), 10);
    socket.on("close", () => clearInterval(timer));
  };
}

const rows: readonly {
  readonly says: string;
  readonly server: (socket: Socket) => void;
  readonly steps: readonly object[];
  readonly reason: string | null;
  readonly message?: RegExp;
}[] = [
  { says: "greets as expected", server: parrot, steps: [expect("220")], reason: null },
  {
    says: "answers as expected",
    server: parrot,
    steps: [expect("220"), send("hello\\r\\n"), expect("HELLO\\r\\n")],
    reason: null,
  },
  {
    says: "fits a pattern",
    server: parrot,
    steps: [matching("^220 \\w+\\r\\n"), send("a"), matching("^A$")],
    reason: null,
  },
  {
    says: "sends two lines at once",
    server: (socket) => socket.write("one two"),
    steps: [expect("one"), expect("two")],
    reason: null,
  },
  {
    says: "says it only once",
    server: (socket) => socket.write("one"),
    steps: [expect("one"), expect("one")],
    reason: "timeout",
    message: /^step 2: wait for "one"/,
  },
  { says: "trickles", server: trickle("hello"), steps: [expect("hello")], reason: null },
  {
    says: "trickles something else",
    server: trickle("nothing of interest"),
    steps: [expect("hello")],
    reason: "timeout",
  },
  {
    says: "says something else and hangs up",
    server: (socket) => socket.end("554 no"),
    steps: [expect("220")],
    reason: "reset",
    message: /^step 1: the connection was closed before "220" came$/,
  },
  {
    says: "says it and hangs up",
    server: (socket) => socket.end("220"),
    steps: [expect("220")],
    reason: null,
  },
  {
    says: "talks without an end",
    server: (socket) => socket.write("x".repeat(100_000)),
    steps: [expect("220")],
    reason: "too_large",
    message: /^step 1: "220" is not in the first 16384 bytes$/,
  },
  {
    says: "hangs up at once",
    server: (socket) => socket.destroy(),
    steps: [expect("220")],
    reason: "reset",
  },
];

for (const row of rows) {
  test(`tcp: a server that ${row.says} is ${row.reason ?? "up"}`, async (t) => {
    const port = await serve(t, row.server);
    const settings = { host: "127.0.0.1", port, steps: row.steps };
    const outcome = await checkOnce(kindOf("tcp"), settings, { timeoutMs: 400 });
    if (row.reason === null) return assert.equal(outcome.result, "up", JSON.stringify(outcome));
    assert.ok(outcome.result === "down", JSON.stringify(outcome));
    assert.equal(outcome.reason, row.reason);
    if (row.message !== undefined) assert.match(outcome.message, row.message);
  });
}

test("tcp: the evidence says which step, and what was heard", async (t) => {
  const port = await serve(t, (socket) => socket.end("554 go\0away\r\n"));
  const outcome = await checkOnce(kindOf("tcp"), {
    host: "127.0.0.1",
    port,
    steps: [expect("220")],
  });
  assert.ok(outcome.result === "down");
  assert.equal(outcome.evidence["step"], 1);
  assert.equal(outcome.evidence["heard"], "554 go\ufffdaway\r\n");
});

test("tcp: a port nobody listens on is refused", async () => {
  const outcome = await checkOnce(kindOf("tcp"), { host: "127.0.0.1", port: 1 });
  assert.equal(outcome.result === "down" && outcome.reason, "refused");
});

const refused: readonly (readonly [settings: object, path: string])[] = [
  [{ port: 0 }, "port"],
  [{ port: 65_536 }, "port"],
  [{ port: 1.5 }, "port"],
  [{ port: "80" }, "port"],
  [{ host: "a b" }, "host"],
  [{ host: "http://a/" }, "host"],
  [{ host: "a:80" }, "host"],
  [{ steps: [send("\\q")] }, "steps[0].text"],
  [{ steps: [expect("\\x1")] }, "steps[0].value"],
  [{ steps: [matching("a{200}")] }, "steps[0].value"],
  [{ steps: [matching("(")] }, "steps[0].value"],
  [{ steps: [{ kind: "wait" }] }, "steps[0].kind"],
];

for (const [settings, path] of refused) {
  test(`tcp: refuses ${JSON.stringify(settings)}`, () => {
    const parsed = kindOf("tcp").parseSettings({ host: "db", port: 1, ...settings });
    assert.ok(parsed.kind === "bad");
    assert.deepEqual(
      parsed.problems.map((problem) => problem.path),
      [path],
    );
  });
}

const escapes: readonly (readonly [text: string, bytes: readonly number[] | undefined])[] = [
  ["ab", [97, 98]],
  ["a\\r\\n", [97, 13, 10]],
  ["\\\\n", [92, 110]],
  ["\\x00\\xFf\\t\\0", [0, 255, 9, 0]],
  ["ä", [0xc3, 0xa4]],
  ["\\", undefined],
  ["\\x1", undefined],
  ["\\u00e4", undefined],
];

for (const [text, bytes] of escapes) {
  test(`${text} stands for ${bytes?.join(" ") ?? "nothing"}`, () => {
    const found = unescape(text);
    assert.deepEqual(found === undefined ? undefined : [...found], bytes);
  });
}
