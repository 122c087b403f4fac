import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { addOwnMetrics } from "./metrics-own.ts";
import { addRuleMetrics } from "./metrics-rules.ts";

test("own troubles, the network and rules are read at each scrape", async () => {
  const registry = new Registry();
  const world = { ringing: ["store_slow"], waiting: 2, goneSince: 5 as number | null };
  addOwnMetrics(registry, { own: world, keeper: world, network: world });
  const figures = { sources: 3, bytes: 16, refused: 0, roundMs: 250, waiting: 7 };
  addRuleMetrics(registry, () => figures);
  const first = await registry.metrics();
  for (const line of [
    'belfry_own_trouble{rule="store_slow"} 1',
    'belfry_own_trouble{rule="store_failing"} 0',
    "belfry_own_network_up 0",
    "belfry_own_signals_waiting 2",
    "belfry_rule_sources 3",
    "belfry_rule_round_seconds 0.25",
    "belfry_rule_decisions_waiting 7",
  ]) {
    assert.ok(first.includes(`\n${line}\n`), line);
  }
  world.goneSince = null;
  world.ringing = [];
  const second = await registry.metrics();
  assert.match(second, /\nbelfry_own_network_up 1\n/);
  assert.match(second, /\nbelfry_own_trouble\{rule="store_slow"\} 0\n/);
});
