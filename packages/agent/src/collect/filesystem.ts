/**
 * Space and inodes of mounted file systems. Types and mount points are left out as node_exporter leaves them out.
 *
 * A file system that is asked in the background (see `space.ts`) has in a sample what it answered since the sample
 * before; one that does not answer has only `node_filesystem_device_error`.
 *
 * The main file system is the one the path of the settings is on, whatever its type; the fullest is one of those that
 * are on this machine, can be written to, and do not lie in memory.
 */
import { posix } from "node:path";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { StatsFs } from "node:fs";
import type { Section } from "../sample/series-table.ts";
import type { CollectorSettings, CollectorSpec } from "./collector.ts";
import { gauge } from "./metric.ts";
import { MountTable, type Mount } from "./mounts.ts";
import { OneSeries } from "./one-series.ts";
import { ratioOf } from "./ratio.ts";
import { SpaceReader, type Space } from "./space.ts";

const metrics = {
  size: gauge("node_filesystem_size_bytes", "Filesystem size in bytes."),
  free: gauge("node_filesystem_free_bytes", "Filesystem free space in bytes."),
  avail: gauge(
    "node_filesystem_avail_bytes",
    "Filesystem space available to non-root users in bytes.",
  ),
  files: gauge("node_filesystem_files", "Filesystem total file nodes."),
  filesFree: gauge("node_filesystem_files_free", "Filesystem total free file nodes."),
  readOnly: gauge("node_filesystem_readonly", "Filesystem read-only status."),
  error: gauge(
    "node_filesystem_device_error",
    "Whether an error occurred while getting statistics for the given device.",
  ),
} as const;
type Key = keyof typeof metrics;

const main = gauge(hostMetrics.diskRatio.name, hostMetrics.diskRatio.help);
const fullest = gauge(hostMetrics.fullestDiskRatio.name, hostMetrics.fullestDiskRatio.help);

/** node_exporter's own; packages of some distributions leave out more. */
const excludedMountpoints =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/;
const excludedTypes =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$/;

/** Answer from memory, without waiting for a device or a server. */
const localTypes =
  /^(ext[234]|xfs|btrfs|bcachefs|zfs|f2fs|jfs|reiserfs|nilfs2|vfat|msdos|exfat|ntfs3|hfsplus|udf|ufs|minix|tmpfs|ramfs|overlay)$/;
const memoryTypes = /^(tmpfs|ramfs)$/;

interface Watched {
  readonly path: string;
  readonly isLocal: boolean;
  readonly isReadOnly: boolean;
  /** Whether the fullest is looked for here. */
  readonly isDisk: boolean;
  readonly series: Readonly<Record<Key, OneSeries>>;
}

interface Main {
  readonly path: string;
  readonly isLocal: boolean;
}

export const filesystem: CollectorSpec = {
  name: "filesystem",
  pace: "core",
  metrics: [...Object.values(metrics), main, fullest],
  create(settings, { section, monotonicMs }) {
    const table = new MountTable(settings.roots);
    const reader = new SpaceReader({ monotonicMs });
    const mainRatio = new OneSeries(section, main);
    const fullestRatio = new OneSeries(section, fullest);
    const read = ({ path, isLocal }: Main): Space =>
      isLocal ? reader.readNow(path) : reader.readSoon(path);
    let mounts: readonly Mount[] | null = null;
    let watched: readonly Watched[] = [];
    let mainOne: Main | null = null;
    return {
      collect() {
        const latest = table.read();
        if (latest !== mounts) {
          watched = latest.flatMap((mount) => watch(mount, settings, section));
          mainOne = mainOf(latest, settings);
          reader.keepOnly(new Set([...watched, mainOne].flatMap((one) => one?.path ?? [])));
          mounts = latest;
        }
        let most = Number.NaN;
        for (const one of watched) {
          const space = read(one);
          publish(one, space);
          const ratio = one.isDisk ? usedRatio(space) : Number.NaN;
          if (!(ratio <= most)) most = Number.isNaN(ratio) ? most : ratio;
        }
        fullestRatio.set(most);
        if (mainOne !== null) mainRatio.set(usedRatio(read(mainOne)));
      },
      [Symbol.dispose]: () => table[Symbol.dispose](),
    };
  },
};

function watch(mount: Mount, { roots }: CollectorSettings, section: Section): Watched[] {
  const { mountpoint, fstype, device, isReadOnly } = mount;
  if (excludedMountpoints.test(mountpoint) || excludedTypes.test(fstype)) return [];
  const labels = { device, fstype, mountpoint };
  const series = (key: Key): OneSeries => new OneSeries(section, metrics[key], labels);
  const isLocal = localTypes.test(fstype);
  return [
    {
      path: below(roots.root, mountpoint),
      isLocal,
      isReadOnly,
      isDisk: isLocal && !isReadOnly && !memoryTypes.test(fstype),
      series: {
        size: series("size"),
        free: series("free"),
        avail: series("avail"),
        files: series("files"),
        filesFree: series("filesFree"),
        readOnly: series("readOnly"),
        error: series("error"),
      },
    },
  ];
}

/** The mount a path is on is the one with the longest place that contains it. */
function mainOf(mounts: readonly Mount[], { diskPath, roots }: CollectorSettings): Main | null {
  const path = posix.normalize(diskPath);
  const mount = mounts
    .filter(({ mountpoint }) => isWithin(path, mountpoint))
    .toSorted((a, b) => b.mountpoint.length - a.mountpoint.length)[0];
  if (mount === undefined) return null;
  return { path: below(roots.root, path), isLocal: localTypes.test(mount.fstype) };
}

function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function below(root: string, path: string): string {
  return root === "" ? path : posix.join(root, path);
}

function publish({ series, isReadOnly }: Watched, space: Space): void {
  if (space === "unknown") return;
  series.readOnly.set(isReadOnly ? 1 : 0);
  series.error.set(space === "error" ? 1 : 0);
  if (space === "error") return;
  const { blocks, bfree, bavail, files, ffree } = space;
  const unit = unitOf(space);
  series.size.set(blocks * unit);
  series.free.set(bfree * unit);
  series.avail.set(bavail * unit);
  series.files.set(files);
  series.filesFree.set(ffree);
}

/** As df counts it; NaN where it is not known or there are no blocks. */
function usedRatio(space: Space): number {
  if (space === "unknown" || space === "error") return Number.NaN;
  const used = space.blocks - space.bfree;
  return ratioOf(used, used + space.bavail);
}

/** Bytes of a block; on network file systems not the size of a good read, which is `bsize`. */
function unitOf({ bsize, frsize }: StatsFs): number {
  return frsize > 0 ? frsize : bsize;
}
