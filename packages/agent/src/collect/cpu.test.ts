import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trial } from "./collector.kit.ts";
import { change, copiedTree, treeFolder } from "./copied-tree.kit.ts";
import { cpu } from "./cpu.ts";
import { limits } from "./limits.ts";

const busy = "belfry_host_cpu_ratio";
const mode = (name: string): string => `belfry_host_cpu_mode_ratio{mode="${name}"}`;

const containerV2 = {
  "sys/fs/cgroup/cpu.stat": "usage_usec 9750000\nuser_usec 6600000\nsystem_usec 3150000\n",
};
const containerV1 = {
  "sys/fs/cgroup/cpuacct/cpuacct.usage_user": "6600000000\n",
  "sys/fs/cgroup/cpuacct/cpuacct.usage_sys": "3150000000\n",
};

describe("the cpu collector", () => {
  it("reads a recorded machine in seconds of 100 ticks", async () => {
    using trial = new Trial(cpu, treeFolder("small-vm"));
    const values = await trial.round();
    assert.equal(values['node_cpu_seconds_total{cpu="0",mode="user"}'], 4374.92);
    assert.equal(values['node_cpu_seconds_total{cpu="0",mode="nice"}'], 83.54);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="idle"}'], 9564.5);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="iowait"}'], 48.11);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="irq"}'], 0);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="softirq"}'], 45.8);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="steal"}'], 21.25);
    assert.equal(values['node_cpu_guest_seconds_total{cpu="1",mode="user"}'], 0);
    assert.equal(values["belfry_host_cpu_cores"], 2);
    assert.equal(values["node_time_seconds"], trial.now / 1000);
    assert.equal(values[busy], undefined, "a ratio needs two readings");
  });

  it("reads sixteen cores, time of guests, and counters beyond 32 bits", async () => {
    using trial = new Trial(cpu, treeFolder("sixteen-cores"));
    const values = await trial.round();
    const series = Object.keys(values);
    assert.equal(series.filter((one) => one.startsWith("node_cpu_seconds_total")).length, 128);
    assert.equal(series.filter((one) => one.startsWith("node_cpu_guest_seconds")).length, 32);
    assert.equal(values['node_cpu_guest_seconds_total{cpu="0",mode="nice"}'], 0.96);
    assert.equal(values["node_intr_total"], 8_812_345_678);
    assert.equal(values["node_context_switches_total"], 19_876_543_210);
    assert.equal(values["node_boot_time_seconds"], 1_790_000_000);
    assert.equal(values["node_forks_total"], 8_123_456);
    assert.equal(values["node_procs_running"], 5);
    assert.equal(values["node_procs_blocked"], 2);
  });

  it("takes modes an old kernel does not know as no time spent", async () => {
    using trial = new Trial(cpu, treeFolder("old-kernel"));
    const values = await trial.round();
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="softirq"}'], 0.03);
    assert.equal(values['node_cpu_seconds_total{cpu="1",mode="steal"}'], 0);
    assert.equal(values['node_cpu_guest_seconds_total{cpu="1",mode="user"}'], 0);
  });

  it("tells the ratios over the time since the round before", async () => {
    using tree = copiedTree("small-vm", { "proc/stat": "cpu 100 0 100 700 100 0 0 0 50 0\n" });
    using trial = new Trial(cpu, tree.root);
    await trial.round();
    change(tree, { "proc/stat": "cpu 130 10 120 720 110 0 5 5 90 0\n" });
    trial.monotonicMs += 5_000;
    const values = await trial.round();
    // 100 ticks passed: 30 user (guests are in it), 10 nice, 20 system, 20 idle, 10 iowait, 5 softirq, 5 steal.
    assert.equal(values[busy], 0.7);
    assert.equal(values[mode("user")], 0.3);
    assert.equal(values[mode("nice")], 0.1);
    assert.equal(values[mode("system")], 0.2);
    assert.equal(values[mode("iowait")], 0.1);
    assert.equal(values[mode("steal")], 0.05);
    assert.equal(values[mode("idle")], undefined);
  });

  it("takes a counter that went back as standing still", async () => {
    using tree = copiedTree("small-vm", { "proc/stat": "cpu 100 0 100 700 100 0 0 0 0 0\n" });
    using trial = new Trial(cpu, tree.root);
    await trial.round();
    change(tree, { "proc/stat": "cpu 150 0 150 600 90 0 0 0 0 0\n" });
    trial.monotonicMs += 5_000;
    assert.equal((await trial.round())[busy], 1);
  });

  it("forgets a core that was taken away, and has it again when it comes back", async () => {
    const line = (core: number): string => `cpu${core} 1 1 1 1 1 1 1 1 0 0\n`;
    using tree = copiedTree("small-vm", { "proc/stat": `${line(0)}${line(1)}` });
    using trial = new Trial(cpu, tree.root);
    const of1 = 'node_cpu_seconds_total{cpu="1",mode="user"}';
    assert.equal((await trial.round())[of1], 0.01);
    change(tree, { "proc/stat": line(0) });
    for (let round = 0; round < 70; round += 1) assert.equal((await trial.round())[of1], undefined);
    change(tree, { "proc/stat": `${line(0)}${line(1)}` });
    assert.equal((await trial.round())[of1], 0.01);
  });

  for (const { tree: name, perSecond, ratio, user } of [
    { tree: "container-v2", perSecond: containerV2, ratio: 0.5, user: 0.4 },
    { tree: "container-v1", perSecond: containerV1, ratio: 0.25, user: 0.2 },
  ]) {
    it(`counts against the limit of a container (${name})`, async () => {
      using tree = copiedTree(name);
      using trial = new Trial(cpu, tree.root);
      await trial.round();
      change(tree, perSecond);
      trial.monotonicMs += 1_000;
      const values = await trial.round();
      // 0.6 s of user and 0.15 s of system time in a second of 1.5 and of 3 cores.
      assert.equal(values[busy], ratio);
      assert.equal(values[mode("user")], user);
      assert.equal(values[mode("steal")], undefined, "of a container only two modes are known");
      assert.equal(values["belfry_host_cpu_cores"], 16, "the cores stay the machine's");
    });
  }
});

describe("the limits collector", () => {
  for (const { tree, expected } of [
    { tree: "small-vm", expected: undefined },
    { tree: "container-v2", expected: { cpu_cores: 1.5, memory_bytes: 536_870_912 } },
    { tree: "container-v1", expected: { cpu_cores: 3, memory_bytes: 1_073_741_824 } },
  ]) {
    it(`tells the bounds of ${tree}`, async () => {
      using trial = new Trial(limits, treeFolder(tree));
      await trial.round();
      assert.deepEqual(trial.facts.limits, expected);
    });
  }

  it("takes no bound for none", async () => {
    using tree = copiedTree("container-v2", {
      "sys/fs/cgroup/cpu.max": "max 100000\n",
      "sys/fs/cgroup/memory.max": "max\n",
    });
    using trial = new Trial(limits, tree.root);
    await trial.round();
    assert.equal(trial.facts.limits, undefined);
  });
});
