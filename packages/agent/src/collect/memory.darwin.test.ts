import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { recordedPrograms } from "./darwin/recorded.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { createDarwinMemory, parseSwapUsage, parseVmStat } from "./memory.darwin.ts";

const page = 16_384;
const total = 32 * 2 ** 30;

test("memory and swap have node_exporter's names for macOS", async () => {
  using tree = fileTree();
  const run = recordedPrograms({ vm_stat: "vm_stat.txt", sysctl: "sysctl-swap.txt" });
  using trial = new Trial(
    createDarwinMemory(run, () => total),
    tree.root,
  );
  const available = (10_069 + 5_899 + 426_177) * page;
  assert.deepEqual(await trial.round(), {
    node_memory_active_bytes: 432_859 * page,
    node_memory_compressed_bytes: 1_013_366 * page,
    node_memory_inactive_bytes: 426_177 * page,
    node_memory_wired_bytes: 171_481 * page,
    node_memory_internal_bytes: 466_673 * page,
    node_memory_purgeable_bytes: 11_278 * page,
    node_memory_swapped_in_bytes_total: 19_658_539 * page,
    node_memory_swapped_out_bytes_total: 123_456 * page,
    node_memory_free_bytes: (10_069 + 5_899) * page,
    node_memory_total_bytes: total,
    node_memory_swap_total_bytes: 10_240 * 2 ** 20,
    node_memory_swap_used_bytes: Math.round(9_689.94 * 2 ** 20),
    belfry_host_memory_used_ratio: (total - available) / total,
    belfry_host_swap_used_ratio: Math.round(9_689.94 * 2 ** 20) / (10_240 * 2 ** 20),
  });
});

test("a Mac without swap has none in use", () => {
  const output = "vm.swapusage: total = 0.00M  used = 0.00M  free = 0.00M  (encrypted)\n";
  assert.deepEqual(parseSwapUsage(output), { swapTotal: 0, swapUsed: 0 });
});

for (const output of [
  "",
  "nonsense",
  "Mach Virtual Memory Statistics: (page size of 4096 bytes)\n",
])
  test(`tells nothing: ${JSON.stringify(output)}`, () => {
    assert.deepEqual(parseVmStat(output, total), {});
    assert.deepEqual(parseSwapUsage(output), {});
  });
