import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RuleState } from "../model/rule-state.ts";
import type { Finding } from "./condition.ts";
import { isFiring, step, type HoldTimes } from "./rule-state.ts";

const holds: Finding = { kind: "holds", value: 9 };
const findings: Readonly<Record<string, Finding>> = {
  h: holds,
  n: { kind: "does_not_hold", value: 1 },
  "?": { kind: "cannot_tell", why: "no_fresh_sample" },
  a: { kind: "does_not_apply" },
};

const phases = { pending: "P", firing: "F", recovering: "R" } as const;

/** One finding a minute; answers the phase after each, with `+` where it was raised and `-` where it was cleared. */
function run(text: string, hold: HoldTimes): string {
  let state: RuleState | undefined;
  return Array.from(text, (letter, minute) => {
    const finding = findings[letter];
    assert.ok(finding !== undefined);
    const next = step(state, finding, hold, minute * 60_000);
    state = next.state;
    const said = next.signal === null ? "" : next.signal === "raised" ? "+" : "-";
    return `${state === undefined ? "." : phases[state.phase]}${said}`;
  }).join("");
}

describe("the state of a trouble", () => {
  const minutes = (forMinutes: number, recovery: number): HoldTimes => ({
    forMs: forMinutes * 60_000,
    recoveryForMs: recovery * 60_000,
    severity: "warning",
  });
  const cases: readonly (readonly [says: string, HoldTimes, string, string])[] = [
    ["rings after it held for long enough", minutes(2, 0), "nhhhh", ".PPF+F"],
    ["rings at once without `for`", minutes(0, 0), "nhn", ".F+.-"],
    ["begins anew when it stops to hold", minutes(2, 0), "hhnhhh", "PP.PPF+"],
    ["is over after it did not hold for long enough", minutes(0, 2), "hnnnn", "F+RR.-."],
    [
      "goes on when it holds again meanwhile, and says nothing",
      minutes(0, 2),
      "hnnhnnn",
      "F+RRFRR.-",
    ],
    ["is not begun by what cannot be told", minutes(0, 0), "???", "..."],
    ["is not ended by what cannot be told", minutes(0, 0), "h????n", "F+FFFF.-"],
    [
      "counts no time in which it could not be told, before it rings",
      minutes(2, 0),
      "hh??hhh",
      "PPPPF+FF",
    ],
    [
      "counts no time in which it could not be told, before it is over",
      minutes(0, 2),
      "hn??nn",
      "F+RRRR.-",
    ],
    ["is neither begun nor ended by what does not apply", minutes(0, 0), "aha", ".F+F"],
  ];
  for (const [says, hold, given, expected] of cases) {
    it(says, () => assert.equal(run(given, hold), expected));
  }

  it("is the same object while nothing changes", () => {
    const first = step(undefined, holds, minutes(0, 0), 0).state;
    const second = step(first, holds, minutes(0, 0), 60_000).state;
    assert.equal(second, first);
    assert.ok(isFiring(second));
  });

  it("is raised again when its severity was changed", () => {
    const first = step(undefined, holds, minutes(0, 0), 0).state;
    const next = step(first, holds, { ...minutes(0, 0), severity: "critical" }, 1);
    assert.equal(next.signal, "raised");
    assert.equal(next.state?.severity, "critical");
  });
});
