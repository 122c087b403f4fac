/** Belfry's own faults, seen through whole checks: its network (by anchors) and its event loop. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../model/clock.ts";
import { watchLoop } from "../self/loop-stalls.ts";
import { serveNames } from "./name-server.kit.ts";
import { checkOnce, kindOf, serve, tarpit, testParts } from "./probe.kit.ts";

const gone = { host: { kind: "name", name: "anchor.example" }, port: 1 } as const;
const loopback = { kind: "address", address: { text: "127.0.0.1", family: 4 } } as const;

test("a time-out while no anchor answers is Belfry's own network, within the limit", async (t) => {
  const names = await serveNames(t, () => "silence");
  const parts = testParts({ anchors: [gone], nameServers: [`127.0.0.1:${names.port}`] });
  const settings = {
    host: "127.0.0.1",
    port: await serve(t, tarpit),
    steps: [{ kind: "expect", value: "a" }],
  };
  const before = performance.now();
  const outcome = await checkOnce(kindOf("tcp", parts), settings, { timeoutMs: 800 });
  assert.ok(performance.now() - before < 1_800, "ended too late");
  assert.ok(outcome.result === "unknown", JSON.stringify(outcome));
  assert.equal(outcome.reason, "own_network");
  assert.match(
    outcome.message,
    /^nobody answers that answers when Belfry's own network works \(step 1: wait for "a": no complete answer/,
  );
});

test("a time-out while an anchor answers is the target's", async (t) => {
  const anchor = { host: loopback, port: await serve(t, tarpit) };
  const parts = testParts({ anchors: [gone, anchor], nameServers: ["127.0.0.1:1"] });
  const url = `http://127.0.0.1:${await serve(t, tarpit)}/`;
  const outcome = await checkOnce(kindOf("http", parts), { url }, { timeoutMs: 400 });
  assert.equal(outcome.result === "down" && outcome.reason, "timeout", JSON.stringify(outcome));
});

for (const [code, reason] of [
  ["SERVFAIL", "own_network"],
  ["NXDOMAIN", "dns"],
] as const) {
  test(`${code} while no anchor answers is ${reason}`, async (t) => {
    const names = await serveNames(t, () => ({ code }));
    const parts = testParts({ anchors: [gone], nameServers: [`127.0.0.1:${names.port}`] });
    const outcome = await checkOnce(kindOf("http", parts), { url: "http://db.example/" });
    assert.equal(outcome.result !== "up" && outcome.reason, reason, JSON.stringify(outcome));
  });
}

test("a time-out after Belfry's event loop stood still is Belfry's own", async (t) => {
  using stalls = watchLoop(systemClock, () => {});
  const parts = testParts({}, {}, stalls);
  const url = `http://127.0.0.1:${await serve(t, tarpit)}/`;
  const check = checkOnce(kindOf("http", parts), { url }, { timeoutMs: 400 });
  setTimeout(() => {
    const until = performance.now() + 300;
    while (performance.now() < until);
  }, 50);
  const outcome = await check;
  assert.ok(outcome.result === "unknown", JSON.stringify(outcome));
  assert.equal(outcome.reason, "internal");
  assert.match(outcome.message, /^Belfry's event loop stood still for \d+ ms \(read the answer/);
});
