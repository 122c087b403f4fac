/**
 * Space and inodes of the file systems of a Mac: `mount` lists them, the runtime asks each (`statfs`). One on a server
 * may hang and is asked in the background, see `space.ts`.
 *
 * The system's own volume is sealed and read-only, and shares its container with the data: where `/` is asked for, the
 * main file system is `/System/Volumes/Data`.
 */
import type { StatsFs } from "node:fs";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Metric, Section } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText } from "./host-text.ts";
import { gauge } from "./metric.ts";
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
  main: gauge(hostMetrics.diskRatio.name, hostMetrics.diskRatio.help),
  fullest: gauge(hostMetrics.fullestDiskRatio.name, hostMetrics.fullestDiskRatio.help),
} as const satisfies Record<string, Metric>;

export interface DarwinMount {
  readonly device: string;
  readonly mountpoint: string;
  readonly fstype: string;
  readonly isReadOnly: boolean;
  /** On a disk of this machine. */
  readonly isLocal: boolean;
}

const dataVolume = "/System/Volumes/Data";
const excludedTypes = /^(devfs|autofs|nullfs|volfs|synthfs)$/;
/** Parts of the system's container that are as full as the data volume, and nobody's to clean up. */
const systemVolumes = /^\/(private\/var\/vm|System\/Volumes\/(?!Data$).+)$/;
const mostMounts = 200;

export type ReadSpace = (mount: DarwinMount) => Space;

/** `readSpace`: in place of the runtime's, in tests. */
export function createDarwinFilesystem(run: RunProgram, readSpace?: ReadSpace): CollectorSpec {
  return {
    name: "filesystem",
    pace: 15,
    metrics: Object.values(metrics),
    create({ diskPath }, { section, monotonicMs }) {
      const reader = new SpaceReader({ monotonicMs });
      const read: ReadSpace =
        readSpace ??
        (({ mountpoint, isLocal }) =>
          isLocal ? reader.readNow(mountpoint) : reader.readSoon(mountpoint));
      return {
        async collect() {
          const mounts = parseMounts((await run("/sbin/mount", [])) ?? "").slice(0, mostMounts);
          reader.keepOnly(new Set(mounts.map(({ mountpoint }) => mountpoint)));
          const main = mainOf(mounts, diskPath);
          let fullest = Number.NaN;
          for (const mount of mounts) {
            const space = read(mount);
            if (space === "unknown") continue;
            const ratio = publish(section, mount, space);
            if (mount === main && !Number.isNaN(ratio)) section.put(metrics.main, {}, ratio);
            const isCounted = mount.isLocal && !mount.isReadOnly;
            if (isCounted && !systemVolumes.test(mount.mountpoint) && !(ratio <= fullest))
              fullest = Number.isNaN(ratio) ? fullest : ratio;
          }
          if (!Number.isNaN(fullest)) section.put(metrics.fullest, {}, fullest);
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinFilesystem: CollectorSpec = createDarwinFilesystem(runProgram);

/** Lines of `mount`: `/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)`. */
export function parseMounts(output: string): readonly DarwinMount[] {
  return output.split("\n").flatMap((line) => {
    const [, device, mountpoint, flags] = /^(.+?) on (\/.*) \(([^()]*)\)$/.exec(line) ?? [];
    if (device === undefined || mountpoint === undefined || flags === undefined) return [];
    const [fstype = "", ...options] = flags.split(", ");
    if (excludedTypes.test(fstype)) return [];
    const isReadOnly = options.includes("read-only");
    const isLocal = options.includes("local");
    return [{ device: hostText(device), mountpoint, fstype, isReadOnly, isLocal }];
  });
}

/** The mount the path is on. */
function mainOf(mounts: readonly DarwinMount[], diskPath: string): DarwinMount | undefined {
  const data = mounts.find(({ mountpoint }) => mountpoint === dataVolume);
  if (diskPath === "/" && data !== undefined) return data;
  return mounts
    .filter(({ mountpoint: at }) => at === "/" || `${diskPath}/`.startsWith(`${at}/`))
    .toSorted((a, b) => b.mountpoint.length - a.mountpoint.length)[0];
}

/** Used space as `df` counts it, 0 to 1; NaN where it is not known. */
function publish(section: Section, mount: DarwinMount, space: StatsFs | "error"): number {
  const { device, fstype, isReadOnly } = mount;
  const labels = { device, fstype, mountpoint: hostText(mount.mountpoint) };
  section.put(metrics.readOnly, labels, isReadOnly ? 1 : 0);
  section.put(metrics.error, labels, space === "error" ? 1 : 0);
  if (space === "error") return Number.NaN;
  const { blocks, bfree, bavail, files, ffree, bsize } = space;
  section.put(metrics.size, labels, blocks * bsize);
  section.put(metrics.free, labels, bfree * bsize);
  section.put(metrics.avail, labels, bavail * bsize);
  section.put(metrics.files, labels, files);
  section.put(metrics.filesFree, labels, ffree);
  return (blocks - bfree) / (blocks - bfree + bavail);
}
