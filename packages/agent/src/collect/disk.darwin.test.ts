import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { recordedPrograms } from "./darwin/recorded.kit.ts";
import { createDarwinDisk, parseDisks } from "./disk.darwin.ts";
import { fileTree, recorded } from "./file-tree.kit.ts";

test("counters per whole disk; a driver without a disk is left out", async () => {
  using tree = fileTree();
  const run = recordedPrograms({ ioreg: "ioreg-disk.txt" });
  using trial = new Trial(createDarwinDisk(run), tree.root);
  assert.deepEqual(await trial.round(), {
    'node_disk_reads_completed_total{device="disk0"}': 82_290_967,
    'node_disk_read_bytes_total{device="disk0"}': 1_594_539_950_080,
    'node_disk_read_time_seconds_total{device="disk0"}': 101.04644306,
    'node_disk_read_errors_total{device="disk0"}': 2,
    'node_disk_writes_completed_total{device="disk0"}': 199_308_717,
    'node_disk_written_bytes_total{device="disk0"}': 2_001_819_619_328,
    'node_disk_write_time_seconds_total{device="disk0"}': 1.232071199,
    'node_disk_write_errors_total{device="disk0"}': 1,
  });
});

test("rates are over the time since the round before", async () => {
  using tree = fileTree();
  let output = recorded("darwin/ioreg-disk.txt");
  using trial = new Trial(
    createDarwinDisk(() => Promise.resolve(output)),
    tree.root,
  );
  await trial.round();
  output = output
    .replace("=1594539950080", "=1594539960080")
    .replace("=2001819619328", "=2001819620328");
  trial.monotonicMs += 10_000;
  const values = await trial.round();
  assert.equal(values["belfry_host_disk_read_bytes_per_second"], 1_000);
  assert.equal(values["belfry_host_disk_written_bytes_per_second"], 100);
});

test("nonsense is no disk", () => {
  assert.deepEqual(parseDisks(""), []);
  assert.deepEqual(parseDisks("+-o x\n"), []);
});
