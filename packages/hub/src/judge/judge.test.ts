import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JudgeState } from "../model/judgement.ts";
import type { MonitorId } from "../model/id.ts";
import type { Judging } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";
import { initialState, judge, type Judgement } from "./judge.ts";

const rules: Judging = {
  downAfter: 2,
  upAfter: 1,
  retryIntervalMs: null,
  degradedAfterMs: 500,
  degradedCertificateDays: 14,
};

const id = "m" as MonitorId;

/** u: up, s: slow, c: certificate about to expire, d: refused, t: timeout, ?: unknown */
function outcomeOf(letter: string): Outcome {
  const found = { durationMs: letter === "s" ? 501 : 5, measurements: {}, statusCode: null };
  switch (letter) {
    case "u":
    case "s":
      return { result: "up", ...found, certificateDays: null };
    case "c":
      return { result: "up", ...found, certificateDays: 13.9 };
    case "d":
      return {
        result: "down",
        ...found,
        reason: "refused",
        message: "refused",
        evidence: { n: 1 },
      };
    case "t":
      return { result: "down", ...found, reason: "timeout", message: "late", evidence: {} };
    default:
      return { result: "unknown", durationMs: 1, reason: "internal", message: "own fault" };
  }
}

function play(letters: string, over: Partial<Judging> = {}, stepMs = 1000): Judgement[] {
  let state: JudgeState = initialState(0);
  return letters.split("").map((letter, index) => {
    const at = (index + 1) * stepMs;
    const judgement = judge(
      state,
      outcomeOf(letter),
      { monitorId: id, at, endedAt: at + 5 },
      { ...rules, ...over },
    );
    state = judgement.state;
    return judgement;
  });
}

const short = { pending: "p", up: "u", degraded: "g", down: "d", unknown: "?" } as const;

function statusesOf(judgements: readonly Judgement[]): string {
  return judgements.map((one) => short[one.state.status]).join("");
}

describe("judge", () => {
  const table: { title: string; letters: string; rules?: Partial<Judging>; statuses: string }[] = [
    { title: "is up with the first success", letters: "u", statuses: "u" },
    { title: "stays pending until failures decide", letters: "dd", statuses: "pd" },
    { title: "stays up for one failure", letters: "uduu", statuses: "uuuu" },
    { title: "is down after two failures in a row", letters: "udd", statuses: "uud" },
    { title: "counts failures of different reasons together", letters: "udt", statuses: "uud" },
    { title: "is up again with one success", letters: "uddu", statuses: "uudu" },
    { title: "starts counting anew after a success", letters: "udud", statuses: "uuuu" },
    {
      title: "needs as many failures as asked",
      letters: "udddd",
      rules: { downAfter: 4 },
      statuses: "uuuud",
    },
    {
      title: "is down at once when one failure is enough",
      letters: "ud",
      rules: { downAfter: 1 },
      statuses: "ud",
    },
    {
      title: "needs as many successes as asked",
      letters: "udduduuu",
      rules: { upAfter: 2 },
      statuses: "ppdddduu",
    },
    { title: "is unknown at once, and up again after", letters: "u?u", statuses: "u?u" },
    { title: "an unknown outcome breaks no row of failures", letters: "ud?d", statuses: "uu?d" },
    { title: "an unknown outcome is no failure", letters: "ud?u", statuses: "uu?u" },
    { title: "returns to down after unknown", letters: "udd?d", statuses: "uud?d" },
    {
      title: "goes from unknown to up when it recovered meanwhile",
      letters: "udd?u",
      statuses: "uud?u",
    },
    { title: "is degraded after two slow successes", letters: "uss", statuses: "uug" },
    { title: "is degraded by a certificate about to expire", letters: "ucc", statuses: "uug" },
    { title: "one slow success changes nothing", letters: "usus", statuses: "uuuu" },
    { title: "is up again with one fast success", letters: "ussu", statuses: "uugu" },
    { title: "goes from degraded to down", letters: "ussdd", statuses: "uuggd" },
  ];
  for (const row of table) {
    test(row.title, () => {
      assert.equal(statusesOf(play(row.letters, row.rules)), row.statuses);
    });
  }

  test("a down status holds from its first failure and keeps that evidence", () => {
    const last = play("uudt").at(-1);
    assert.equal(last?.state.since, 3000);
    assert.equal(last?.transition?.at, 3000);
    assert.equal(last?.transition?.decidedAt, 4005);
    assert.deepEqual(last?.transition?.failure?.evidence, { n: 1 });
  });

  test("a healthy monitor's state is the same object, so that nothing is written", () => {
    const [first, second, third] = play("uuu");
    assert.equal(second?.state, first?.state);
    assert.equal(third?.state, first?.state);
  });

  test("a monitor that stays down needs no write either", () => {
    const judgements = play("udddd");
    assert.equal(judgements.at(-1)?.state, judgements.at(-2)?.state);
  });

  test("asks for a retry only while nothing is settled", () => {
    assert.deepEqual(
      play("uddduu", { upAfter: 2 }).map((one) => one.retry),
      [true, true, false, false, true, false],
    );
  });

  test("keeps the evidence of the first failure and of each change of reason", () => {
    assert.deepEqual(
      play("uddtu").map((one) => one.keepEvidence),
      [false, true, false, true, false],
    );
  });

  test("unknown is not known to alerting: up → unknown → up looks like nothing", () => {
    const known = play("u?u").map((one) => [one.transition?.knownFrom, one.transition?.knownTo]);
    assert.deepEqual(known, [
      ["pending", "up"],
      ["up", "up"],
      ["up", "up"],
    ]);
  });

  test("flaps from the seventh change within an hour until fewer than three are left", () => {
    const flips = play("ud".repeat(5), { downAfter: 1 }, 60_000);
    const firstFlapping = flips.findIndex((one) => one.state.flapping);
    assert.equal(firstFlapping, 7, "first up decides; the seventh change is the eighth outcome");
    const calm = play("ud".repeat(4) + "u".repeat(70), { downAfter: 1 }, 60_000);
    assert.equal(calm.at(20)?.state.flapping, true);
    assert.equal(calm.at(-1)?.state.flapping, false);
    const ending = calm.find((one, index) => index > 10 && one.transition !== null);
    assert.equal(ending?.transition?.flapping, false, "the end of flapping is told");
  });

  test("says why it is degraded, and whether nothing but the certificate is", () => {
    const told = (letters: string): unknown => {
      const { message, onlyForCertificate } = play(letters).at(-1)?.transition ?? {};
      return [message, onlyForCertificate];
    };
    assert.deepEqual(told("uss"), ["took 0.501 s, more than 0.5 s", undefined]);
    assert.deepEqual(told("ucc"), ["its certificate has 13.9 days left", true]);
    assert.deepEqual(told("ucs"), ["took 0.501 s, more than 0.5 s", undefined]);
    assert.deepEqual(told("uccu"), [null, undefined]);
  });
});
