import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trial } from "./collector.kit.ts";
import { treeFolder } from "./copied-tree.kit.ts";
import { memory } from "./memory.ts";
import { zram } from "./zram.ts";

const used = "belfry_host_memory_used_ratio";
const swap = "belfry_host_swap_used_ratio";

describe("the memory collector", () => {
  it("reads all fields, kB as 1024 bytes, counts as they are", async () => {
    using trial = new Trial(memory, treeFolder("sixteen-cores"));
    const values = await trial.round();
    assert.equal(values["node_memory_MemTotal_bytes"], 131_912_344 * 1024);
    assert.equal(values["node_memory_Active_anon_bytes"], 31_234_567 * 1024);
    assert.equal(values["node_memory_Zswapped_bytes"], 1_572_864 * 1024);
    assert.equal(values["node_memory_VmallocTotal_bytes"], 34_359_738_367 * 1024);
    assert.equal(values["node_memory_HugePages_Total"], 16);
    assert.equal(values[used], 0.5);
    assert.equal(values[swap], 0.25);
  });

  it("counts free and cached memory as available where the kernel does not say it, and has no ratio of no swap", async () => {
    using trial = new Trial(memory, treeFolder("old-kernel"));
    const values = await trial.round();
    assert.equal(values[used], 0.5);
    assert.equal(values[swap], undefined);
    assert.equal(values["node_memory_SwapTotal_bytes"], 0);
    assert.equal(values["node_memory_MemAvailable_bytes"], undefined);
  });

  for (const { tree, expected } of [
    // What is used, without the cached files that are not in use, of the limit.
    { tree: "container-v2", expected: (402_653_184 - 134_217_728) / 536_870_912 },
    { tree: "container-v1", expected: (805_306_368 - 268_435_456) / 1_073_741_824 },
  ]) {
    it(`counts against the limit of a container (${tree})`, async () => {
      using trial = new Trial(memory, treeFolder(tree));
      const values = await trial.round();
      assert.equal(values[used], expected);
      assert.equal(values["node_memory_MemTotal_bytes"], 131_912_344 * 1024);
    });
  }
});

describe("the zram collector", () => {
  it("tells what is stored and what that takes, and nothing of a device that was not set up", async () => {
    using machine = new Trial(zram, treeFolder("sixteen-cores"));
    assert.deepEqual(await machine.round(), {
      'belfry_zram_original_bytes{device="zram0"}': 4_194_304_000,
      'belfry_zram_compressed_bytes{device="zram0"}': 1_048_576_000,
      'belfry_zram_memory_bytes{device="zram0"}': 1_098_907_648,
    });
    using without = new Trial(zram, treeFolder("small-vm"));
    assert.deepEqual(await without.round(), {});
  });
});
