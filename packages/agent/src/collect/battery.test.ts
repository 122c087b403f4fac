import assert from "node:assert/strict";
import { test } from "node:test";
import { battery } from "./battery.ts";
import { Trial } from "./collector.kit.ts";
import { fileTree } from "./file-tree.kit.ts";

test("supplies have node_exporter's names and units; the battery of a mouse is not the machine's", async () => {
  using tree = fileTree("battery/laptop.txt");
  using trial = new Trial(battery, tree.root);
  const values = await trial.round();
  assert.equal(values['node_power_supply_online{power_supply="AC"}'], 0);
  assert.equal(values['node_power_supply_capacity{power_supply="BAT0"}'], 62);
  assert.equal(values['node_power_supply_voltage_volt{power_supply="BAT0"}'], 15.884);
  assert.equal(values['node_power_supply_power_watt{power_supply="BAT0"}'], 7.654);
  assert.equal(values['node_power_supply_energy_watthour{power_supply="BAT0"}'], 29.23);
  assert.equal(values['node_power_supply_cyclecount{power_supply="BAT0"}'], 271);
  const info = Object.keys(values).find((key) => key.includes('info{power_supply="BAT0"'));
  assert.match(info ?? "", /status="Discharging",technology="Li-poly",type="Battery"/);
  assert.doesNotMatch(info ?? "", /4711/, "a serial number is no label");
  assert.deepEqual(trial.facts.batteries, [
    { name: "BAT0", status: "Discharging", capacity_ratio: 0.62 },
  ]);
});

test("a machine without supplies has none", async () => {
  using tree = fileTree();
  using trial = new Trial(battery, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.batteries, undefined);
});
