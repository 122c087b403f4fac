/** What the store promises about states of rules and their signals. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { KeptRuleState } from "../../model/rule-state.ts";
import type { Signal } from "../../model/signal.ts";
import type { ContractStores } from "./fixtures.ts";

const signal: Signal = {
  key: 'filesystem_full:host:a:mountpoint="/"',
  state: "raised",
  rule: "filesystem_full",
  subject: { kind: "host", id: "a", name: "web" },
  severity: "critical",
  at: 1000,
  decidedAt: 2000,
  message: "space left on /: 4 %, limit 5 %",
  reason: null,
  evidence: {},
  labels: { mountpoint: "/" },
};

const kept: KeptRuleState = {
  ruleId: "filesystem_full",
  source: "host:a",
  series: 'mountpoint="/"',
  state: {
    phase: "firing",
    since: 2000,
    startedAt: 1000,
    value: 0.04,
    blindSince: null,
    severity: "critical",
  },
  raised: signal,
};

/** Runs the suite. */
export function ruleContract(stores: ContractStores): void {
  describe("rules", () => {
    test("keeps states with the signals that tell of them, and replaces and drops them", async () => {
      await using store = await stores.open();
      const other = { ...kept, series: "", raised: null };
      await store.commitRules({ saved: [kept, other], dropped: [], signals: [signal] });
      assert.deepEqual(await store.ruleStates(), [other, kept]);
      const [pending] = await store.pendingSignals(10);
      assert.deepEqual(pending?.signal, signal);

      const next = { ...kept, state: { ...kept.state, phase: "recovering" as const } };
      const cleared: Signal = { ...signal, state: "cleared" };
      await store.commitRules({ saved: [next], dropped: [other], signals: [cleared] });
      assert.deepEqual(await store.ruleStates(), [next]);
      await store.commitRules({ saved: [], dropped: [next, next], signals: [] });
      assert.deepEqual(await store.ruleStates(), []);
      const signals = await store.pendingSignals(10);
      assert.deepEqual(
        signals.map((one) => one.signal.state),
        ["raised", "cleared"],
      );
    });

    test("keeps series apart whose labels are long, or hold what no column can", async () => {
      await using store = await stores.open();
      const noise = Array.from({ length: 100 }, (_, n) => createHash("sha512").update(`${n}`));
      const long = noise.map((hash) => hash.digest("base64")).join("");
      const states = [`${long}1`, `${long}2`, "a\u0000b", "a\ufffdb"].map((series) => ({
        ...kept,
        series,
      }));
      await store.commitRules({ saved: states, dropped: [], signals: [] });
      const found = await store.ruleStates();
      assert.deepEqual(
        new Set(found.map(({ series }) => series)),
        new Set(states.map(({ series }) => series)),
      );
      await store.commitRules({ saved: [], dropped: states.slice(1), signals: [] });
      assert.deepEqual(await store.ruleStates(), states.slice(0, 1));
    });

    test("takes the last of what is saved twice in one step", async () => {
      await using store = await stores.open();
      const later = { ...kept, state: { ...kept.state, phase: "recovering" as const } };
      await store.commitRules({ saved: [kept, later], dropped: [], signals: [] });
      assert.deepEqual(await store.ruleStates(), [later]);
    });

    test("keeps thousands of states at once", async () => {
      await using store = await stores.open();
      const states = Array.from({ length: 1200 }, (_, n) => ({ ...kept, source: `host:${n}` }));
      await store.commitRules({ saved: states, dropped: [], signals: [] });
      assert.equal((await store.ruleStates()).length, 1200);
    });
  });
}
