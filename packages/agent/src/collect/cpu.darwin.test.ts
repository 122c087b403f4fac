import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { createDarwinCpu } from "./cpu.darwin.ts";
import { fileTree } from "./file-tree.kit.ts";
import { createDarwinLoad } from "./load.darwin.ts";

const core = (user: number, idle: number) => ({
  model: "Apple M2",
  speed: 24,
  times: { user, nice: 0, sys: 1_000, idle, irq: 0 },
});

test("times per core, and the part of them spent busy since the round before", async () => {
  using tree = fileTree();
  let cores = [core(1_000, 8_000), core(2_000, 7_000)];
  let uptime = 1_000;
  using trial = new Trial(createDarwinCpu({ cpus: () => cores, uptime: () => uptime }), tree.root);
  const first = await trial.round();
  assert.equal(first['node_cpu_seconds_total{cpu="1",mode="user"}'], 2);
  assert.equal(first['node_cpu_seconds_total{cpu="0",mode="system"}'], 1);
  assert.equal(first["belfry_host_cpu_cores"], 2);
  assert.equal(first["belfry_host_cpu_ratio"], undefined, "nothing to compare with yet");
  const bootedAt = Math.round(trial.now / 1_000 - 1_000);
  assert.equal(first["node_boot_time_seconds"], bootedAt);
  cores = [core(2_000, 10_000), core(2_000, 8_000)];
  trial.monotonicMs += 5_000;
  trial.now += 5_900;
  uptime += 5;
  const second = await trial.round();
  assert.equal(second["belfry_host_cpu_ratio"], 0.25);
  assert.equal(second['belfry_host_cpu_mode_ratio{mode="user"}'], 0.25);
  assert.equal(second["node_boot_time_seconds"], bootedAt, "a clock that is set is no restart");
});

test("load averages", async () => {
  using tree = fileTree();
  using trial = new Trial(
    createDarwinLoad(() => [1.5, 2.25, 3]),
    tree.root,
  );
  assert.deepEqual(await trial.round(), { node_load1: 1.5, node_load5: 2.25, node_load15: 3 });
});
