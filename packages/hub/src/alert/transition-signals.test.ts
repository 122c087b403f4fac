import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../model/id.ts";
import type { Transition } from "../model/judgement.ts";
import { signalsOf, type FollowedSubject } from "./transition-signals.ts";

const id = createId<"monitor">(1);
const followed: FollowedSubject = {
  subject: { kind: "monitor", id, name: "api" },
  labels: { team: "core" },
};
const host: FollowedSubject = { ...followed, subject: { kind: "host", id, name: "web" } };

/** From one status to another, of which one may be `unknown`. */
function transitionOf(
  to: Transition["to"],
  knownTo: Transition["knownTo"],
  over: Partial<Transition> = {},
): Transition {
  const failed = knownTo === "down" || knownTo === "degraded";
  return {
    monitorId: id,
    from: "up",
    to,
    knownFrom: "up",
    knownTo,
    at: 2000,
    decidedAt: 3000,
    reason: failed ? "timeout" : null,
    message: failed ? "no answer" : null,
    failure: failed
      ? { at: 1000, reason: "refused", message: "refused", evidence: { phase: "connect" } }
      : null,
    flapping: false,
    ...over,
  };
}

const flapping = { flapping: true } as const;

const table: readonly (readonly [
  says: string,
  transition: Transition,
  signals: readonly string[],
  followed?: FollowedSubject,
])[] = [
  ["down", transitionOf("down", "down"), ["+down", "-degraded", "-flapping"]],
  ["degraded", transitionOf("degraded", "degraded"), ["+degraded", "-down", "-flapping"]],
  ["up", transitionOf("up", "up"), ["-down", "-degraded", "-flapping"]],
  ["up, and flapping: nothing is over", transitionOf("up", "up", flapping), ["+flapping"]],
  ["down, and flapping", transitionOf("down", "down", flapping), ["+down", "+flapping"]],
  [
    "degraded, and flapping",
    transitionOf("degraded", "degraded", flapping),
    ["+degraded", "+flapping"],
  ],
  [
    "unknown after up: as it was",
    transitionOf("unknown", "up"),
    ["-down", "-degraded", "-flapping"],
  ],
  [
    "unknown after down: as it was",
    transitionOf("unknown", "down"),
    ["+down", "-degraded", "-flapping"],
  ],
  [
    "unknown before anything was known",
    transitionOf("unknown", "pending"),
    ["-down", "-degraded", "-flapping"],
  ],
  [
    "degraded for its certificate alone, which is told by another rule",
    transitionOf("degraded", "degraded", { onlyForCertificate: true }),
    ["-down", "-degraded", "-flapping"],
  ],
  [
    "a host that is not heard",
    transitionOf("down", "down"),
    ["+silent", "-degraded", "-flapping"],
    host,
  ],
  [
    "a host that is heard again",
    transitionOf("up", "up"),
    ["-silent", "-degraded", "-flapping"],
    host,
  ],
];

describe("a change of status", () => {
  for (const [says, transition, signals, of = followed] of table) {
    test(`${says}: ${signals.join(" ")}`, () => {
      const found = signalsOf(transition, of).map(
        ({ state, rule }) => `${state === "raised" ? "+" : "-"}${rule.replace(/^[a-z]+_/, "")}`,
      );
      assert.deepEqual(found, signals);
    });
  }

  test("says when it began, why, and how that was seen", () => {
    const [down] = signalsOf(transitionOf("down", "down"), followed);
    assert.deepEqual(down, {
      key: `monitor_down:monitor:${id}`,
      state: "raised",
      rule: "monitor_down",
      subject: followed.subject,
      severity: "critical",
      at: 1000,
      decidedAt: 3000,
      message: "refused",
      reason: "refused",
      evidence: { phase: "connect" },
      labels: { team: "core" },
    });
  });

  test("that flaps is a warning of its own, without the reason of the last failure", () => {
    const all = signalsOf(transitionOf("down", "down", flapping), followed);
    const found = all.find(({ rule }) => rule === "monitor_flapping");
    assert.deepEqual(
      [found?.severity, found?.reason, found?.message, found?.at, found?.evidence],
      ["warning", null, "changes between up and down again and again", 2000, {}],
    );
  });

  test("that is over ends when it was over", () => {
    const [over] = signalsOf(transitionOf("up", "up"), followed);
    assert.deepEqual(
      [over?.state, over?.at, over?.decidedAt, over?.reason],
      ["cleared", 2000, 3000, null],
    );
  });
});
