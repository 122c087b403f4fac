import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseAddress } from "./address.ts";
import { checkOnce, kindOf, testParts } from "./probe.kit.ts";
import type { ProbeParts } from "./parts.ts";
import { pingArguments, readPing } from "./ping-program.ts";
import { probeContract } from "./probe.contract.ts";

/**
 * Not every machine has `ping`, or lets it open sockets. So this stands in for the program: it refuses arguments that
 * iputils would refuse, and prints what it is told in iputils' words, one line for each sequence number in `answers`.
 */
function fakePing(t: TestContext, answers: string, rest = ""): ProbeParts {
  const folder = mkdtempSync(join(tmpdir(), "belfry-ping-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "ping");
  writeFileSync(
    program,
    `#!/bin/sh
while getopts nc:i:s:W: option; do
  case $option in [?]) echo "ping: usage: ping [options] <destination>" >&2; exit 2;; esac
done
shift $((OPTIND - 1))
case $1 in *[!0-9a-f.:]*|'') echo "ping: $1: Name or service not known" >&2; exit 2;; esac
[ "$LC_ALL" = C ] || exit 2
echo "PING $1 ($1) 56(84) bytes of data."
for sequence in ${answers}; do echo "64 bytes from $1: icmp_seq=$sequence ttl=61 time=$sequence.25 ms"; done
${rest}
`,
  );
  chmodSync(program, 0o755);
  return testParts({ pingProgram: program });
}

probeContract({
  kind: "ping",
  well: async (t) => ({ settings: { host: "127.0.0.1" }, parts: fakePing(t, "1 2 3") }),
  silent: async (t) => ({
    settings: { host: "127.0.0.1" },
    parts: fakePing(t, "", "exec sleep 60"),
  }),
  target: /^127\.0\.0\.1$/,
  host: "127.0.0.1",
});

test("ping measures round trips, loss and hop limit", async (t) => {
  const outcome = await checkOnce(kindOf("ping", fakePing(t, "1 3")), { host: "localhost" });
  assert.equal(outcome.result, "up");
  assert.ok(outcome.result === "up");
  const { measurements } = outcome;
  assert.equal(measurements['probe_icmp_duration_seconds{phase="rtt"}'], 0.00225);
  assert.equal(measurements["probe_icmp_rtt_min_seconds"], 0.00125);
  assert.equal(measurements["probe_icmp_rtt_max_seconds"], 0.00325);
  assert.equal(measurements["probe_icmp_loss_ratio"], 0.333333);
  assert.equal(measurements["probe_icmp_reply_hop_limit"], 61);
  assert.equal(measurements["probe_ip_protocol"], 4);
});

const failures = [
  {
    says: "one of three answered",
    answers: "2",
    reason: "loss",
    message: /^1 of 3 packets were answered, expected a loss of at most 0.5$/,
  },
  {
    says: "none answered",
    answers: "",
    reason: "timeout",
    message: /^127\.0\.0\.1 answered none of 3 packets$/,
  },
  {
    says: "answers came, then silence",
    answers: "1",
    rest: "exec sleep 60",
    reason: "loss",
    message: /^1 of 3/,
  },
  {
    says: "answers are slow",
    answers: "1 2 3",
    settings: { most_rtt_seconds: 0.002 },
    reason: "assertion",
    message: /2\.250 ms, expected at most 2 ms/,
  },
  {
    says: "no network",
    answers: "",
    rest: "echo 'ping: connect: Network is unreachable' >&2",
    reason: "own_network",
    message: /unreachable/,
  },
  {
    says: "no right to open sockets",
    answers: "",
    rest: "echo 'ping: socket: Operation not permitted' >&2",
    reason: "misconfigured",
    message: /cannot be used here/,
  },
] as const;

for (const row of failures) {
  test(`ping: ${row.says}: ${row.reason}`, async (t) => {
    const parts = fakePing(t, row.answers, "rest" in row ? row.rest : "");
    const settings = { host: "127.0.0.1", ...("settings" in row ? row.settings : {}) };
    const outcome = await checkOnce(kindOf("ping", parts), settings, { timeoutMs: 500 });
    assert.ok(outcome.result !== "up");
    assert.equal(outcome.reason, row.reason);
    assert.match(outcome.message, row.message);
  });
}

test("ping: a missing program is Belfry's fault, not the target's", async () => {
  const parts = testParts({ pingProgram: "/nowhere/ping" });
  const outcome = await checkOnce(kindOf("ping", parts), { host: "127.0.0.1" });
  assert.ok(outcome.result === "unknown");
  assert.equal(outcome.reason, "misconfigured");
  assert.equal(outcome.message, "the program /nowhere/ping is not installed");
});

test("ping gives the program an address only, whatever the host looks like", () => {
  const kind = kindOf("ping");
  for (const host of ["-f", "a b", "$(id)", "a;b", "a|b", "", "..", "a\nb", "http://a/"]) {
    assert.equal(kind.parseSettings({ host }).kind, "bad", host);
  }
  const address = parseAddress("::1");
  assert.ok(address !== undefined);
  const request = { count: 2, intervalSeconds: 0.2, payloadBytes: 56, waitSeconds: 3 };
  assert.deepEqual(pingArguments("linux", address, request), [
    "-n",
    "-c",
    "2",
    "-i",
    "0.2",
    "-s",
    "56",
    "-W",
    "3",
    "::1",
  ]);
  assert.deepEqual(pingArguments("win32", address, request), [
    "-6",
    "-n",
    "2",
    "-w",
    "3000",
    "-l",
    "56",
    "::1",
  ]);
});

const outputs = [
  {
    of: "iputils",
    output: "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.041 ms",
    echo: { rttMs: 0.041, hopLimit: 64 },
  },
  {
    of: "BusyBox",
    output: "64 bytes from 10.0.0.1: seq=0 ttl=42 time=9.815 ms",
    echo: { rttMs: 9.815, hopLimit: 42 },
  },
  {
    of: "macOS, IPv6",
    output: "16 bytes from ::1, icmp_seq=0 hlim=64 time=0.123 ms",
    echo: { rttMs: 0.123, hopLimit: 64 },
  },
  {
    of: "Windows",
    output: "Reply from 10.0.0.1: bytes=32 time=12ms TTL=57",
    echo: { rttMs: 12, hopLimit: 57 },
  },
  { of: "Windows, fast", output: "Reply from ::1: time<1ms", echo: { rttMs: 1, hopLimit: null } },
  {
    of: "a duplicate",
    output: "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.1 ms (DUP!)",
    echo: null,
  },
  { of: "an error", output: "From 10.0.0.9 icmp_seq=1 Destination Host Unreachable", echo: null },
  { of: "a summary", output: "rtt min/avg/max/mdev = 0.041/0.041/0.041/0.000 ms", echo: null },
] as const;

for (const { of, output, echo } of outputs) {
  test(`ping reads ${of}`, () => assert.deepEqual(readPing(output), echo === null ? [] : [echo]));
}

const system = spawnSync("ping", ["-n", "-c", "1", "127.0.0.1"]);
const missing = system.error !== undefined || system.status !== 0;

test(
  "ping works with the system's program",
  { skip: missing && "no usable ping here" },
  async () => {
    const outcome = await checkOnce(kindOf("ping"), { host: "127.0.0.1", count: 2 });
    assert.equal(outcome.result, "up");
  },
);
