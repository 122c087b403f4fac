import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { recordedPrograms } from "./darwin/recorded.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { createDarwinFilesystem, type ReadSpace } from "./filesystem.darwin.ts";

const run = recordedPrograms({ mount: "mount.txt" });

function space(blocks: number, bfree: number): Exclude<ReturnType<ReadSpace>, string> {
  const files = { files: 1_000, ffree: 900 };
  return { type: 26, bsize: 4_096, frsize: 4_096, blocks, bfree, bavail: bfree, ...files };
}

test("the data volume is the main one, and the fullest is one a person can clean up", async () => {
  using tree = fileTree();
  const read: ReadSpace = ({ mountpoint }) => {
    if (mountpoint === "/Volumes/Team Share") return "unknown";
    if (mountpoint === "/Volumes/USB on a Stick") return space(100, 10);
    return mountpoint === "/System/Volumes/Data" ? space(1_000, 400) : space(1_000, 1);
  };
  using trial = new Trial(createDarwinFilesystem(run, read), tree.root);
  const values = await trial.round();
  const stick = 'device="/dev/disk5s1",fstype="msdos",mountpoint="/Volumes/USB on a Stick"';
  assert.equal(values[`node_filesystem_size_bytes{${stick}}`], 409_600);
  assert.equal(values[`node_filesystem_avail_bytes{${stick}}`], 40_960);
  assert.equal(values[`node_filesystem_readonly{${stick}}`], 0);
  const root = 'device="/dev/disk3s1s1",fstype="apfs",mountpoint="/"';
  assert.equal(values[`node_filesystem_readonly{${root}}`], 1);
  assert.equal(values["belfry_host_disk_used_ratio"], 0.6);
  assert.equal(values["belfry_host_fullest_disk_used_ratio"], 0.9);
  const names = Object.keys(values).join("\n");
  assert.doesNotMatch(names, /Team Share|auto_home|devfs/);
});

test("one that gives an error says so and has no space", async () => {
  using tree = fileTree();
  using trial = new Trial(
    createDarwinFilesystem(run, () => "error"),
    tree.root,
  );
  const values = await trial.round();
  const data = 'device="/dev/disk3s5",fstype="apfs",mountpoint="/System/Volumes/Data"';
  assert.equal(values[`node_filesystem_device_error{${data}}`], 1);
  assert.equal(values[`node_filesystem_size_bytes{${data}}`], undefined);
  assert.equal(values["belfry_host_disk_used_ratio"], undefined);
});
