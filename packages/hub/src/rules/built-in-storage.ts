/** Built-in rules about file systems and disks. */
import { metric, type BuiltInText } from "./built-in-text.ts";

/** File systems that lie in memory or are made read-only are never too full. */
const realFileSystem = [
  "fstype",
  "!~",
  "tmpfs|ramfs|devtmpfs|squashfs|erofs|iso9660|udf|overlay",
] as const;
const place = (labels: Readonly<Record<string, string>>): string =>
  labels["mountpoint"] ?? labels["device"] ?? "a file system";
const device = (labels: Readonly<Record<string, string>>): string => labels["device"] ?? "a disk";

const space = {
  numerator: metric("node_filesystem_avail_bytes", realFileSystem),
  denominator: metric("node_filesystem_size_bytes"),
};

export const storageRules: readonly BuiltInText[] = [
  {
    id: "filesystem_filling",
    title: "File system almost full",
    severity: "warning",
    condition: { kind: "ratio", ...space, operator: "<", value: 0.1, recover_value: 0.12 },
    forSeconds: 300,
    unit: "ratio",
    what: (labels) => `space left on ${place(labels)}`,
    description:
      "Nine tenths are used. Look for what grew: logs, old releases, caches, backups that stay. A large disk may have a lower limit.",
  },
  {
    id: "filesystem_full",
    title: "File system full",
    severity: "critical",
    condition: { kind: "ratio", ...space, operator: "<", value: 0.05, recover_value: 0.07 },
    forSeconds: 60,
    unit: "ratio",
    what: (labels) => `space left on ${place(labels)}`,
    description:
      "Less than a twentieth is left: programs are about to fail when they write. Remove what can go, or enlarge it, now.",
  },
  {
    id: "filesystem_full_in_a_day",
    title: "File system full within a day",
    severity: "warning",
    condition: {
      kind: "prediction",
      metric: space.numerator,
      over_seconds: 21_600,
      within_seconds: 86_400,
      operator: "<=",
      value: 0,
    },
    forSeconds: 3_600,
    recoveryForSeconds: 3_600,
    unit: "bytes",
    what: (labels) => `space left on ${place(labels)}`,
    description:
      "As it grew over the last six hours, it is full within a day. There is time to find out what writes, before anything fails.",
  },
  {
    id: "filesystem_full_soon",
    title: "File system full within four hours",
    severity: "critical",
    condition: {
      kind: "prediction",
      metric: space.numerator,
      over_seconds: 3_600,
      within_seconds: 14_400,
      operator: "<=",
      value: 0,
    },
    forSeconds: 900,
    recoveryForSeconds: 900,
    unit: "bytes",
    what: (labels) => `space left on ${place(labels)}`,
    description:
      "As it grew over the last hour, it is full within four hours. Find what writes: a debug log, a dump, a download.",
  },
  {
    id: "inodes_low",
    title: "Inodes almost used up",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric("node_filesystem_files_free", realFileSystem),
      denominator: metric("node_filesystem_files"),
      operator: "<",
      value: 0.1,
      recover_value: 0.12,
    },
    forSeconds: 300,
    unit: "ratio",
    what: (labels) => `inodes left on ${place(labels)}`,
    description:
      "Very many small files: soon none can be made although space is left. Look for folders of sessions, caches or mails that nobody empties.",
  },
  {
    id: "filesystem_read_only",
    title: "File system read-only",
    severity: "critical",
    condition: {
      kind: "threshold",
      metric: metric(
        "node_filesystem_readonly",
        ["fstype", "=~", "ext[234]|xfs|btrfs|f2fs|jfs|zfs"],
        ["device", "=~", "/dev/.*"],
        ["mountpoint", "!~", "/(boot|efi|etc|media|mnt|nix|ostree|snap|sysroot|usr)(/.*)?"],
      ),
      aggregate: "last",
      operator: "==",
      value: 1,
    },
    forSeconds: 120,
    unit: "count",
    what: (labels) => `whether ${place(labels)} is read-only`,
    description:
      "The kernel makes a file system read-only when its disk fails or its data is damaged. Read the kernel's log before anything is repaired. Where it is meant to be, leave it out by its labels.",
  },
  {
    id: "filesystem_unreachable",
    title: "File system does not answer",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric("node_filesystem_device_error"),
      aggregate: "last",
      operator: "==",
      value: 1,
    },
    forSeconds: 300,
    unit: "count",
    what: (labels) => `whether ${place(labels)} fails to answer`,
    description:
      "Asking for its space fails or hangs: a server of a network file system is away, or a device is gone. Programs that touch it hang too.",
  },
  {
    id: "disk_busy",
    title: "Disk busy",
    severity: "info",
    condition: {
      kind: "rate",
      metric: metric("node_disk_io_time_seconds_total", [
        "device",
        "!~",
        "(loop|ram|zram|sr|fd).*",
      ]),
      over_seconds: 600,
      operator: ">",
      value: 0.95,
      recover_value: 0.85,
    },
    forSeconds: 900,
    unit: "ratio",
    what: (labels) => `time ${device(labels)} is busy`,
    description:
      "The disk has something to do all the time. A single spinning disk is then at its end; an array or an SSD may take more: look at how long requests wait.",
  },
  {
    id: "io_pressure",
    title: "Everything waits for disks",
    severity: "warning",
    condition: {
      kind: "rate",
      metric: metric("node_pressure_io_stalled_seconds_total"),
      over_seconds: 600,
      operator: ">",
      value: 0.4,
      recover_value: 0.25,
    },
    forSeconds: 600,
    unit: "ratio",
    what: () => "time in which all tasks waited for disks",
    description:
      "No task could go on for much of the time, because disks had not answered. Look for the process that reads or writes most.",
  },
  {
    id: "disk_read_errors",
    title: "Disk cannot be read",
    severity: "critical",
    condition: {
      kind: "rate",
      metric: metric("node_disk_read_errors_total"),
      over_seconds: 900,
      operator: ">",
      value: 0,
    },
    forSeconds: 0,
    recoveryForSeconds: 900,
    unit: "per_second",
    what: (labels) => `read errors of ${device(labels)}`,
    description: "A disk that fails to read loses data. Make sure of a backup, then replace it.",
  },
  {
    id: "disk_write_errors",
    title: "Disk cannot be written",
    severity: "critical",
    condition: {
      kind: "rate",
      metric: metric("node_disk_write_errors_total"),
      over_seconds: 900,
      operator: ">",
      value: 0,
    },
    forSeconds: 0,
    recoveryForSeconds: 900,
    unit: "per_second",
    what: (labels) => `write errors of ${device(labels)}`,
    description: "A disk that fails to write loses data. Make sure of a backup, then replace it.",
  },
];
