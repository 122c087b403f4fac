import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../model/clock.ts";
import { Deadline } from "./deadline.ts";
import type { Attempt } from "./fault.ts";
import { createPatternMatcher, type PatternMatcher } from "./pattern-matcher.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source);
  assert.ok(!("problem" in pattern));
  return pattern;
}

async function match(
  matcher: PatternMatcher,
  source: string,
  text: string,
  timeoutMs = 10_000,
): Promise<Attempt<boolean>> {
  using deadline = new Deadline(systemClock, { timeoutMs, signal: new AbortController().signal });
  return await matcher.matches(patternOf(source), text, deadline);
}

const large = `${"lorem ipsum dolor ".repeat(50_000)}the end`;

test("small and large texts are matched alike, here or in the thread", async () => {
  await using matcher = createPatternMatcher();
  for (const text of [large.slice(-100), large]) {
    assert.deepEqual(await match(matcher, "(?i)THE END$", text), { kind: "ok", value: true });
    assert.deepEqual(await match(matcher, "the (start|begin)", text), { kind: "ok", value: false });
  }
  const several = await Promise.all(
    ["e", "d[aeiou]l[a-z]+ l", "[0-9]{3}"].map((source) => match(matcher, source, large)),
  );
  assert.deepEqual(
    several.map((each) => each.kind === "ok" && each.value),
    [true, true, false],
  );
});

/** Slow for any engine that keeps its promise of linear time: each letter starts one more of 900 counts. */
const slowSource = "a[ab]{900}[cd]";
const slowText = noise(1_000_000);

/** Letters without a period, the same ones each time. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state < 0x40000000 ? "a" : "b";
  }).join("");
}

test("a pattern that takes too long is given up without holding up the event loop", async () => {
  await using matcher = createPatternMatcher();
  let longestMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  const found = await match(matcher, slowSource, slowText, 300);
  clearInterval(timer);
  assert.equal(found.kind === "fault" && found.fault.reason, "misconfigured");
  assert.ok(longestMs < 1_000, `the loop stood still for ${longestMs} ms`);
});

test("one slow pattern leaves the matcher in order for the next", async () => {
  await using matcher = createPatternMatcher();
  const slow = match(matcher, slowSource, slowText, 200);
  const next = match(matcher, "the end", large, 10_000);
  assert.equal((await slow).kind, "fault");
  assert.deepEqual(await next, { kind: "ok", value: true });
});

test("a pattern may be as long as a thousand characters, and no longer", () => {
  assert.ok(!("problem" in compilePattern("a".repeat(1_000))));
  assert.deepEqual(compilePattern("a".repeat(10_000)), {
    problem: "expected a pattern of at most 1000 characters",
  });
  assert.ok("problem" in compilePattern(`${"(".repeat(500)}${")".repeat(499)}`));
  assert.ok("problem" in compilePattern("((a{100}){100}){100}"));
});
