import assert from "node:assert/strict";
import { test } from "node:test";
import { createDarwinBattery, parseBatteries } from "./battery.darwin.ts";
import { Trial } from "./collector.kit.ts";
import { recordedPrograms } from "./darwin/recorded.kit.ts";
import { fileTree, recorded } from "./file-tree.kit.ts";

const name = "InternalBattery-0";
const rows = [
  ["pmset-battery.txt", { name, percent: 62, status: "discharging", remainingSeconds: 14_580 }],
  ["pmset-charging.txt", { name, percent: 93, status: "charging", remainingSeconds: 1_440 }],
  ["pmset-attached.txt", { name, percent: 79, status: "AC attached", remainingSeconds: undefined }],
] as const;

for (const [file, expected] of rows)
  test(`a battery that is ${expected.status}`, () => {
    assert.deepEqual(parseBatteries(recorded(`darwin/${file}`)), [expected]);
  });

test("a Mac on its battery says for how long", async () => {
  using tree = fileTree();
  const run = recordedPrograms({ pmset: "pmset-battery.txt" });
  using trial = new Trial(createDarwinBattery(run), tree.root);
  assert.deepEqual(await trial.round(), {
    [`node_power_supply_capacity{power_supply="${name}"}`]: 62,
    [`node_power_supply_time_to_empty_seconds{power_supply="${name}"}`]: 14_580,
    [`node_power_supply_info{power_supply="${name}",status="discharging",type="Battery"}`]: 1,
  });
  assert.deepEqual(trial.facts.batteries, [{ name, status: "discharging", capacity_ratio: 0.62 }]);
});

test("a Mac without a battery has none", async () => {
  using tree = fileTree();
  const run = recordedPrograms({ pmset: "Now drawing from 'AC Power'\n" });
  using trial = new Trial(createDarwinBattery(run), tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.batteries, undefined);
});
