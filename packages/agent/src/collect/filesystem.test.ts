import assert from "node:assert/strict";
import { mkdirSync, statfsSync, type StatsFs } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Trial } from "./collector.kit.ts";
import { change, copiedTree, treeFolder } from "./copied-tree.kit.ts";
import { filesystem } from "./filesystem.ts";
import { MountTable } from "./mounts.ts";
import { SpaceReader } from "./space.ts";

function mountsOf(tree: string): readonly string[] {
  const folder = treeFolder(tree);
  using table = new MountTable({ proc: `${folder}/proc`, sys: "", root: "" });
  return table
    .read()
    .map(({ device, mountpoint, fstype, isReadOnly }) =>
      [device, mountpoint, fstype, ...(isReadOnly ? ["ro"] : [])].join(" "),
    );
}

describe("the table of mounts", () => {
  it("reads escaped names, and of two mounts at one place the upper one", () => {
    assert.deepEqual(mountsOf("sixteen-cores"), [
      "sysfs /sys sysfs",
      "proc /proc proc",
      "/dev/mapper/vg-root / ext4",
      "tmpfs /run tmpfs",
      "/dev/nvme0n1p1 /boot/efi vfat",
      "/dev/md127 /srv/with space\\and\ttab xfs",
      "/dev/sda1 /mnt/read-only ext4 ro",
      "overlay /var/lib/docker/overlay2/abc/merged overlay",
      "server:/export /mnt/nfs nfs4",
      "/dev/nvme1n1p2 /home btrfs",
      "/dev/mapper/vg-root /data ext4",
    ]);
  });

  it("leaves out what only a hardened unit sees", () => {
    assert.deepEqual(mountsOf("old-kernel"), ["/dev/root / ext3"]);
  });

  it("names what is mounted below a moved root as the machine does, and nothing else", () => {
    using tree = copiedTree("old-kernel", {
      "proc/self/mountinfo": [
        "1 0 0:40 / / ro - overlay overlay rw",
        "2 1 254:1 / /host ro,relatime - ext4 /dev/sda1 rw",
        "3 2 254:2 / /host/home ro,relatime - xfs /dev/sdb1 rw",
        "4 2 254:3 / /host/old ro,relatime - ext4 /dev/sdc1 ro",
        "5 1 254:1 /var/lib/docker/volumes/agent/_data /data rw - ext4 /dev/sda1 rw",
        "6 1 254:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
        "",
      ].join("\n"),
    });
    using table = new MountTable({ proc: join(tree.root, "proc"), sys: "", root: "/host" });
    assert.deepEqual(table.read(), [
      { device: "/dev/sda1", mountpoint: "/", fstype: "ext4", isReadOnly: false },
      { device: "/dev/sdb1", mountpoint: "/home", fstype: "xfs", isReadOnly: false },
      { device: "/dev/sdc1", mountpoint: "/old", fstype: "ext4", isReadOnly: true },
    ]);
  });

  it("gives the same list until something is mounted", () => {
    using tree = copiedTree("old-kernel");
    using table = new MountTable({ proc: join(tree.root, "proc"), sys: "", root: "" });
    const first = table.read();
    assert.equal(table.read(), first);
    change(tree, { "proc/self/mountinfo": "15 1 8:1 / / rw - ext4 /dev/sdb rw\n" });
    assert.deepEqual(
      table.read().map(({ device }) => device),
      ["/dev/sdb"],
    );
  });
});

describe("the filesystem collector", () => {
  it("tells space and inodes of what is not left out, as statfs does", async () => {
    using tree = copiedTree("sixteen-cores");
    for (const path of ["boot/efi", "data", "home", "mnt/nfs", "run", "srv/with space\\and\ttab"]) {
      mkdirSync(join(tree.root, path), { recursive: true });
    }
    using trial = new Trial(filesystem, tree.root);
    const values = await trial.round();
    const devices = Object.keys(values).flatMap(
      (one) => /^node_filesystem_size_bytes\{.*mountpoint="(.*)"/.exec(one)?.[1] ?? [],
    );
    // The network file system is asked in the background; the read-only one is not there.
    assert.deepEqual(devices, [
      "/",
      "/run",
      "/boot/efi",
      "/srv/with space\\and\ttab",
      "/home",
      "/data",
    ]);
    const { blocks, frsize, files } = statfsSync(tree.root);
    const labels = '{device="/dev/mapper/vg-root",fstype="ext4",mountpoint="/"}';
    assert.equal(values[`node_filesystem_size_bytes${labels}`], blocks * frsize);
    assert.equal(values[`node_filesystem_files${labels}`], files);
    assert.equal(values[`node_filesystem_readonly${labels}`], 0);
    assert.equal(values[`node_filesystem_device_error${labels}`], 0);
    const gone = '{device="/dev/sda1",fstype="ext4",mountpoint="/mnt/read-only"}';
    assert.equal(values[`node_filesystem_device_error${gone}`], 1);
    assert.equal(values[`node_filesystem_readonly${gone}`], 1);
    assert.equal(values[`node_filesystem_size_bytes${gone}`], undefined);
    const ratio = values["belfry_host_disk_used_ratio"] ?? Number.NaN;
    assert.ok(ratio > 0 && ratio < 1, String(ratio));
    assert.equal(values["belfry_host_fullest_disk_used_ratio"], ratio, "all are the same one here");
  });

  it("tells of a network file system in the round after it answered", async () => {
    using tree = copiedTree("sixteen-cores");
    mkdirSync(join(tree.root, "mnt/nfs"), { recursive: true });
    using trial = new Trial(filesystem, tree.root);
    const size =
      'node_filesystem_size_bytes{device="server:/export",fstype="nfs4",mountpoint="/mnt/nfs"}';
    assert.equal((await trial.round())[size], undefined);
    const deadline = performance.now() + 5_000;
    let values = await trial.round();
    while (values[size] === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
      values = await trial.round();
    }
    const { blocks, frsize } = statfsSync(tree.root);
    assert.equal(values[size], blocks * frsize);
  });

  it("takes the file system the path is on as the main one, whatever its type", async () => {
    using tree = copiedTree("old-kernel", {
      "proc/self/mountinfo": "15 1 0:40 / / rw - overlay overlay rw\n",
    });
    using trial = new Trial(filesystem, tree.root, { diskPath: "/proc/self" });
    const values = await trial.round();
    assert.deepEqual(Object.keys(values), ["belfry_host_disk_used_ratio"]);
  });
});

/** Mounts whose servers answer when told to. */
function servers(): {
  reader: SpaceReader;
  asked: string[];
  answer: (path: string) => void;
  time: { ms: number };
} {
  const asked: string[] = [];
  const time = { ms: 0 };
  const waiting = new Map<string, (error: Error | null, answer: StatsFs) => void>();
  const reader = new SpaceReader({
    monotonicMs: () => time.ms,
    ask: (path, done) => {
      asked.push(path);
      waiting.set(path, done);
    },
  });
  const space = statfsSync("/");
  const answer = (path: string): void => {
    const done = waiting.get(path);
    waiting.delete(path);
    done?.(null, space);
  };
  return { reader, asked, answer, time };
}

describe("asking mounts that may hang", () => {
  it("calls a mount broken after 2 s without an answer, and asks it no second time until it answers", () => {
    const { reader, asked, answer, time } = servers();
    assert.equal(reader.readSoon("/dead"), "unknown");
    time.ms = 1_999;
    assert.equal(reader.readSoon("/dead"), "unknown");
    for (time.ms = 2_001; time.ms < 100_000; time.ms += 5_000) {
      assert.equal(reader.readSoon("/dead"), "error");
    }
    reader.keepOnly(new Set());
    assert.equal(reader.readSoon("/dead"), "error");
    assert.deepEqual(asked, ["/dead"]);
    answer("/dead");
    assert.notEqual(reader.readSoon("/dead"), "error");
    assert.deepEqual(asked, ["/dead", "/dead"]);
  });

  it("asks two at once and the others as soon as one has answered", () => {
    const { reader, asked, answer } = servers();
    for (const path of ["/a", "/b", "/c", "/d"]) reader.readSoon(path);
    assert.deepEqual(asked, ["/a", "/b"]);
    answer("/b");
    assert.deepEqual(asked, ["/a", "/b", "/c"]);
    answer("/c");
    assert.deepEqual(asked, ["/a", "/b", "/c", "/d"]);
    assert.equal(typeof reader.readSoon("/b"), "object");
  });

  it("shows no answer that is older than a minute", () => {
    const { reader, answer, time } = servers();
    for (const path of ["/x", "/dead", "/dead too"]) reader.readSoon(path);
    answer("/x");
    assert.equal(typeof reader.readSoon("/x"), "object");
    time.ms = 60_001;
    assert.equal(reader.readSoon("/x"), "unknown", "the dead ones are in its way");
  });
});
