import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trial } from "./collector.kit.ts";
import { change, copiedTree, treeFolder } from "./copied-tree.kit.ts";
import { disk } from "./disk.ts";

const read = "belfry_host_disk_read_bytes_per_second";
const written = "belfry_host_disk_written_bytes_per_second";

/** A line of a device that has read and written so many sectors. */
function line(name: string, sectorsRead: number, sectorsWritten: number): string {
  return `   8       0 ${name} 1 0 ${sectorsRead} 0 1 0 ${sectorsWritten} 0 0 0 0 0 0 0 0 0 0\n`;
}

describe("the disk collector", () => {
  it("reads sectors as 512 bytes and times as ms, of devices that are no partitions", async () => {
    using trial = new Trial(disk, treeFolder("sixteen-cores"));
    const values = await trial.round();
    const of = (name: string, device = "nvme0n1"): number | undefined =>
      values[`node_disk_${name}{device="${device}"}`];
    assert.equal(of("reads_completed_total"), 290_921);
    assert.equal(of("reads_merged_total"), 5_590_331);
    assert.equal(of("read_bytes_total"), 6_961_795 * 512);
    assert.equal(of("read_time_seconds_total"), 6337.924);
    assert.equal(of("writes_completed_total"), 3_206_219);
    assert.equal(of("writes_merged_total"), 5_337_775);
    assert.equal(of("written_bytes_total"), 1_407_528 * 512);
    assert.equal(of("write_time_seconds_total"), 3512.616);
    assert.equal(of("io_now"), 1);
    assert.equal(of("io_time_seconds_total"), 8415.211);
    assert.equal(of("io_time_weighted_seconds_total"), 9294.666);
    assert.equal(of("discards_completed_total"), 8_211_901);
    assert.equal(of("discards_merged_total"), 1_161_512);
    assert.equal(of("discarded_sectors_total"), 6_947_957);
    assert.equal(of("discard_time_seconds_total"), 1801.004);
    assert.equal(of("flush_requests_total"), 6_731_978);
    assert.equal(of("flush_requests_time_seconds_total"), 9329.777);
    const devices = Object.keys(values).flatMap(
      (one) => /^node_disk_io_now.*"(.+)"/.exec(one)?.[1] ?? [],
    );
    assert.deepEqual(devices, [
      "nvme0n1",
      "nvme1n1",
      "sda",
      "sdb",
      "md127",
      "dm-0",
      "dm-1",
      "mmcblk0",
      "mmcblk0p1",
      "sr0",
    ]);
  });

  it("has no discards and flushes where an old kernel does not count them", async () => {
    using trial = new Trial(disk, treeFolder("old-kernel"));
    const values = await trial.round();
    assert.equal(values['node_disk_io_time_weighted_seconds_total{device="sda"}'], 0.9);
    assert.equal(values['node_disk_discards_completed_total{device="sda"}'], undefined);
    assert.equal(values['node_disk_io_now{device="ram0"}'], undefined);
  });

  it("counts the bytes of whole disks once", async () => {
    const names = ["sda", "sda1", "md127", "dm-0", "zram0", "nvme0n1", "mmcblk0p1"];
    const lines = (sectors: number): string =>
      names.map((name) => line(name, sectors, 2 * sectors)).join("");
    using tree = copiedTree("sixteen-cores", { "proc/diskstats": lines(0) });
    using trial = new Trial(disk, tree.root);
    assert.equal((await trial.round())[read], undefined, "a rate needs two readings");
    change(tree, { "proc/diskstats": lines(100) });
    trial.monotonicMs += 2_000;
    const values = await trial.round();
    assert.equal(values[read], (2 * 100 * 512) / 2);
    assert.equal(values[written], (2 * 200 * 512) / 2);
  });

  it("adds nothing for a disk that is new, or whose counters went back", async () => {
    using tree = copiedTree("sixteen-cores", {
      "proc/diskstats": line("sda", 4_294_967_290, 1_000),
    });
    using trial = new Trial(disk, tree.root);
    await trial.round();
    change(tree, { "proc/diskstats": line("sda", 4, 1_010) + line("sdb", 5_000, 5_000) });
    trial.monotonicMs += 1_000;
    const values = await trial.round();
    assert.equal(values[read], 0);
    assert.equal(values[written], 10 * 512);
    assert.equal(values['node_disk_read_bytes_total{device="sda"}'], 4 * 512);
  });

  it("keeps a rate that was just measured when it is asked again too soon", async () => {
    using tree = copiedTree("sixteen-cores", { "proc/diskstats": line("sda", 0, 0) });
    using trial = new Trial(disk, tree.root);
    await trial.round();
    change(tree, { "proc/diskstats": line("sda", 10, 0) });
    trial.monotonicMs += 1_000;
    await trial.round();
    trial.monotonicMs += 5;
    assert.equal((await trial.round())[read], 5_120);
    change(tree, { "proc/diskstats": line("sda", 30, 0) });
    trial.monotonicMs += 995;
    assert.equal((await trial.round())[read], 10_240, "nothing is counted twice or lost");
  });
});
