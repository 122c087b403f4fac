import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCertificates } from "./certificates.ts";
import type { MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";
import type { Outcome } from "./model/outcome.ts";
import type { KeptRuleState, RuleChange } from "./model/rule-state.ts";
import { TroubleKeeper } from "./self/trouble-keeper.ts";

const begin = 1_000_000_000_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;

/** A store of states that can be away, and what was signalled. */
function createKept() {
  const states = new Map<string, KeptRuleState>();
  const signals: string[] = [];
  const kept = {
    isAway: false,
    states,
    signals,
    async commitRules(change: RuleChange): Promise<"stored"> {
      if (kept.isAway) throw new Error("away");
      for (const one of change.saved) states.set(`${one.source} ${one.ruleId}`, one);
      for (const one of change.dropped) states.delete(`${one.source} ${one.ruleId}`);
      for (const { state, severity, message } of change.signals) {
        signals.push(`${state} ${severity}: ${message}`);
      }
      return "stored";
    },
  };
  return kept;
}

function setUp(kept = createKept()) {
  const clock = { at: begin, now: () => clock.at, monotonicMs: () => clock.at - begin };
  const keeper = new TroubleKeeper({ store: kept, onSignals() {}, onError() {} });
  const certificates = createCertificates({ clock, keeper });
  certificates.load([...kept.states.values()]);
  const monitor = (warnDays: number | null): Monitor => {
    const one = exampleMonitor({ name: "shop" });
    return { ...one, judging: { ...one.judging, degradedCertificateDays: warnDays } };
  };
  return {
    clock,
    kept,
    certificates,
    keeper,
    monitor,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

function seen(daysLeft: number, now: number, fingerprint = "aa"): Outcome {
  return {
    result: "up",
    durationMs: 1,
    measurements: {},
    statusCode: null,
    certificateDays: daysLeft,
    certificate: { fingerprint, name: "shop.example", expiresAt: now + daysLeft * dayMs },
  };
}

describe("certificates about to end", () => {
  const rows: readonly (readonly [string, number | null, number, string])[] = [
    ["enough days are left", 14, 14, ""],
    ["fewer are left than the monitor asks for", 14, 13.9, "warning"],
    ["three are left", 14, 3.5, "warning"],
    ["fewer than three are left", 14, 2.9, "critical"],
    ["it has ended", 14, -2, "critical"],
    ["the monitor asks for many", 60, 50, "warning"],
    ["the monitor asks for few: a quarter of them is critical", 4, 1.5, "warning"],
    ["and below that", 4, 0.9, "critical"],
    ["the monitor asks for none", null, 1, ""],
  ];
  for (const [says, warnDays, daysLeft, severity] of rows) {
    test(`${severity === "" ? "do not ring" : `are ${severity}`} when ${says}`, async () => {
      const { certificates, monitor, clock, kept, settle } = setUp();
      certificates.seen(monitor(warnDays), seen(daysLeft, clock.at));
      await settle();
      assert.deepEqual(
        kept.signals.map((one) => one.split(":")[0]),
        severity === "" ? [] : [`raised ${severity}`],
      );
    });
  }

  test("ring once for each state, over restarts, and are over when a good one was seen for a while", async () => {
    const first = setUp();
    const shop = first.monitor(14);
    for (const day of [13.5, 13, 12.5]) first.certificates.seen(shop, seen(day, first.clock.at));
    await first.settle();
    const { certificates, clock, kept, settle } = setUp(first.kept);
    certificates.seen(shop, seen(12, clock.at));
    certificates.seen(shop, seen(2, clock.at));
    certificates.seen(shop, seen(1, clock.at));
    await settle();
    assert.deepEqual(
      kept.signals.map((one) => one.slice(0, 70)),
      [
        "raised warning: the certificate of shop.example has 13.5 days left, until",
        "raised critical: the certificate of shop.example has 2.0 days left, until",
      ].map((one) => one.slice(0, 70)),
    );
    // Two machines behind one address: one is renewed first.
    for (let minute = 0; minute < 10; minute += 1) {
      clock.at += minuteMs;
      const isOld = minute === 3;
      certificates.seen(shop, seen(isOld ? 1 : 90, clock.at, isOld ? "aa" : "bb"));
      await settle();
      assert.equal(kept.signals.length, minute === 9 ? 3 : 2, `minute ${minute}`);
    }
    assert.equal(kept.signals[2], "cleared critical: shop.example: 90.0 days left");
    assert.equal(kept.states.size, 0);
  });

  test("say nothing of checks that saw none, and know which one a monitor showed", async () => {
    const { certificates, monitor, clock, kept, settle } = setUp();
    const shop = monitor(14);
    certificates.seen(shop, { result: "unknown", reason: "internal", message: "", durationMs: 1 });
    assert.equal(certificates.certificateOf(shop.id), undefined);
    certificates.seen(shop, seen(90, clock.at, "cc"));
    assert.equal(certificates.certificateOf(shop.id)?.fingerprint, "cc");
    await settle();
    assert.deepEqual(kept.signals, []);
  });

  test("of a monitor that is gone are forgotten without a word", async () => {
    const { certificates, monitor, clock, kept, settle } = setUp();
    const shop = monitor(14);
    certificates.seen(shop, seen(1, clock.at));
    await settle();
    certificates.forget(shop.id);
    await settle();
    const known: MonitorId[] = [...kept.states.keys()].map(() => shop.id);
    assert.deepEqual(
      [known, kept.signals.length, certificates.certificateOf(shop.id)],
      [[], 1, undefined],
    );
  });

  test("are told when the store is back, in their order", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { certificates, monitor, clock, kept, keeper, settle } = setUp();
    kept.isAway = true;
    const shop = monitor(14);
    certificates.seen(shop, seen(13, clock.at));
    await settle();
    certificates.seen(shop, seen(2, clock.at));
    await settle();
    assert.deepEqual([kept.signals, keeper.waiting], [[], 2]);
    kept.isAway = false;
    t.mock.timers.tick(10_000);
    await settle();
    assert.deepEqual(
      kept.signals.map((one) => one.split(":")[0]),
      ["raised warning", "raised critical"],
    );
  });
});
