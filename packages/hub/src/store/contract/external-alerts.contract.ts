/** What the store promises about alerts of other systems. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fingerprintOf, type ExternalAlert } from "../../model/external-alert.ts";
import type { Store } from "../port.ts";
import type { ContractStores } from "./fixtures.ts";

const now = 1_000_000;
const labels = { alertname: "DiskFull", größe: "東京 🔔" };

const alertOf = (over: Partial<ExternalAlert> = {}): ExternalAlert => ({
  fingerprint: fingerprintOf(over.labels ?? labels),
  labels,
  annotations: { summary: "/ is full" },
  startsAt: now,
  endsAt: now + 300_000,
  generatorUrl: "http://prometheus.example",
  updatedAt: now,
  ...over,
});

async function signalsOf(store: Store): Promise<readonly (readonly [string, number])[]> {
  return (await store.pendingSignals(100)).map(({ signal }) => [signal.state, signal.at]);
}

/** Runs the suite. */
export function externalAlertContract(stores: ContractStores): void {
  describe("alerts of other systems", () => {
    test("ring once while they are told again, and are over when they say so", async () => {
      await using store = await stores.open();
      assert.deepEqual(await store.takeExternalAlerts([alertOf()], now), { signals: 1 });
      const again = alertOf({ startsAt: now + 10, endsAt: now + 400_000, updatedAt: now + 60_000 });
      assert.deepEqual(await store.takeExternalAlerts([again], now + 60_000), { signals: 0 });
      assert.deepEqual(await store.externalAlerts({ limit: 10 }), [{ ...again, startsAt: now }]);
      const over = alertOf({ endsAt: now + 90_000 });
      assert.deepEqual(await store.takeExternalAlerts([over], now + 100_000), { signals: 1 });
      assert.deepEqual(await store.externalAlerts({ limit: 10 }), []);
      assert.deepEqual(await store.takeExternalAlerts([over], now + 100_000), { signals: 0 });
      assert.deepEqual(await signalsOf(store), [
        ["raised", now],
        ["cleared", now + 90_000],
      ]);
      const [first] = await store.pendingSignals(1);
      assert.equal(first?.signal.labels["größe"], "東京 🔔");
    });

    test("begin and are over within one request in the order they stand there", async () => {
      await using store = await stores.open();
      const over = alertOf({ endsAt: now + 5 });
      const list = [alertOf(), over, alertOf({ startsAt: now + 7 })];
      assert.deepEqual(await store.takeExternalAlerts(list, now + 10), { signals: 3 });
      assert.deepEqual(await signalsOf(store), [
        ["raised", now],
        ["cleared", now + 5],
        ["raised", now + 7],
      ]);
      assert.equal((await store.externalAlerts({ limit: 10 })).length, 1);
    });

    test("end by time only when it has come, by whichever hub, once", async () => {
      await using store = await stores.open();
      const late = alertOf({ labels: { alertname: "Late" }, endsAt: now + 900_000 });
      await store.takeExternalAlerts([alertOf(), late], now);
      const ends = now + 300_000;
      assert.deepEqual(await store.externalAlerts({ endsBy: ends - 1, limit: 10 }), []);
      const ended = await store.externalAlerts({ endsBy: ends, limit: 10 });
      assert.deepEqual(ended, [alertOf()]);
      const all = [alertOf().fingerprint, late.fingerprint, "0"];
      assert.deepEqual(await store.endExternalAlerts(all, ends), { signals: 1 });
      assert.deepEqual(await store.endExternalAlerts(all, ends), { signals: 0 });
      assert.deepEqual(await store.externalAlerts({ limit: 10 }), [late]);
      assert.deepEqual((await signalsOf(store)).at(-1), ["cleared", ends]);
    });

    test("are refused when too many fire, and those that fire go on", async () => {
      await using store = await stores.open();
      const many = Array.from({ length: 20_000 }, (_, i) => alertOf({ fingerprint: `f${i}` }));
      for (let start = 0; start < many.length; start += 5_000) {
        await store.takeExternalAlerts(many.slice(start, start + 5_000), now);
      }
      await assert.rejects(store.takeExternalAlerts([alertOf()], now), { code: "unavailable" });
      assert.deepEqual(await store.takeExternalAlerts(many.slice(0, 1), now), { signals: 0 });
    });
  });
}
