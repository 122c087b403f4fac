/** Built-in rules about processors and memory. */
import { hostMetrics } from "@belfry/contract";
import { metric, type BuiltInText } from "./built-in-text.ts";

export const processorRules: readonly BuiltInText[] = [
  {
    id: "cpu_busy",
    title: "CPU busy",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.cpuRatio.name),
      aggregate: "avg",
      over_seconds: 600,
      operator: ">",
      value: 0.95,
      recover_value: 0.85,
    },
    forSeconds: 600,
    unit: "ratio",
    what: () => "time the cores are busy",
    description:
      "All cores have been busy for twenty minutes: everything on this host waits for its turn. Look at its busiest processes; move work away, limit it, or add cores.",
  },
  {
    id: "cpu_steal",
    title: "CPU taken by the hypervisor",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.cpuModeRatio.name, ["mode", "=", "steal"]),
      aggregate: "avg",
      over_seconds: 600,
      operator: ">",
      value: 0.1,
      recover_value: 0.05,
    },
    forSeconds: 600,
    unit: "ratio",
    what: () => "time the hypervisor gave to others",
    description:
      "The machine below has promised more than it has, or the credit of a burstable instance is used up. Nothing on this host helps: choose a larger instance or another machine.",
  },
  {
    id: "cpu_waits_for_disk",
    title: "CPU waits for disks",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.cpuModeRatio.name, ["mode", "=", "iowait"]),
      aggregate: "avg",
      over_seconds: 600,
      operator: ">",
      value: 0.4,
      recover_value: 0.25,
    },
    forSeconds: 600,
    unit: "ratio",
    what: () => "time the cores wait for disks",
    description:
      "The disks are slower than the work that is asked of them. Look for the process that reads or writes most, a backup that runs, or a disk that fails.",
  },
  {
    id: "load_high",
    title: "Load per core high",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric(hostMetrics.load15.name),
      denominator: metric(hostMetrics.cores.name),
      operator: ">",
      value: 3,
      recover_value: 2,
    },
    forSeconds: 900,
    unit: "count",
    what: () => "load per core",
    description:
      "Three tasks per core have run or waited for a quarter of an hour. With a CPU that is not busy they wait for disks or a network file system.",
  },
  {
    id: "cpu_pressure",
    title: "Tasks wait for the CPU",
    severity: "info",
    condition: {
      kind: "rate",
      metric: metric("node_pressure_cpu_waiting_seconds_total"),
      over_seconds: 600,
      operator: ">",
      value: 0.6,
      recover_value: 0.4,
    },
    forSeconds: 900,
    unit: "ratio",
    what: () => "time in which a task waited for a core",
    description:
      "More than half of the time some task could have run and had no core. Answers become slow before the CPU counts as busy.",
  },
  {
    id: "threads_near_limit",
    title: "Threads near their limit",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric("node_processes_threads"),
      denominator: metric("node_processes_max_threads"),
      operator: ">",
      value: 0.9,
      recover_value: 0.85,
    },
    forSeconds: 300,
    unit: "ratio",
    what: () => "threads of those that may exist",
    description:
      "Soon no program can start, not even a shell to look for the cause. Find the process with the most threads and end it, or raise kernel.threads-max.",
  },
];

export const memoryRules: readonly BuiltInText[] = [
  {
    id: "memory_low",
    title: "Memory low",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.memoryRatio.name),
      aggregate: "avg",
      over_seconds: 300,
      operator: ">",
      value: 0.9,
      recover_value: 0.85,
    },
    forSeconds: 300,
    unit: "ratio",
    what: () => "memory in use",
    description:
      "Less than a tenth of the memory is left to programs; caches that can be given back are not counted as used. Look at the largest processes, and whether one of them grows.",
  },
  {
    id: "memory_exhausted",
    title: "Memory almost exhausted",
    severity: "critical",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.memoryRatio.name),
      aggregate: "last",
      operator: ">",
      value: 0.97,
      recover_value: 0.93,
    },
    forSeconds: 120,
    unit: "ratio",
    what: () => "memory in use",
    description:
      "The kernel will soon end programs to get memory back. End or restart the largest one before the kernel chooses.",
  },
  {
    id: "memory_pressure",
    title: "Everything waits for memory",
    severity: "warning",
    condition: {
      kind: "rate",
      metric: metric("node_pressure_memory_stalled_seconds_total"),
      over_seconds: 300,
      operator: ">",
      value: 0.1,
      recover_value: 0.05,
    },
    forSeconds: 300,
    unit: "ratio",
    what: () => "time in which all tasks waited for memory",
    description:
      "No task could go on for more than a tenth of the time, because memory had to be fetched back first. The working set is larger than the memory.",
  },
  {
    id: "swap_used",
    title: "Swap almost used up",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.swapRatio.name),
      aggregate: "last",
      operator: ">",
      value: 0.9,
      recover_value: 0.8,
    },
    forSeconds: 900,
    unit: "ratio",
    what: () => "swap in use",
    description:
      "When swap is full and memory is short, the kernel ends programs. Look for a program that grows; swap that is full and at rest harms nobody.",
  },
  {
    id: "swapping",
    title: "Swapping",
    severity: "warning",
    condition: {
      kind: "rate",
      metric: metric("node_vmstat_pswpin"),
      over_seconds: 600,
      operator: ">",
      value: 1000,
      recover_value: 500,
    },
    forSeconds: 600,
    unit: "per_second",
    what: () => "pages read back from swap",
    description:
      "Programs wait for memory that lies on disk. The host needs more memory or less work.",
  },
  {
    id: "oom_kill",
    title: "The kernel ended a program for its memory",
    severity: "warning",
    condition: {
      kind: "rate",
      metric: metric("node_vmstat_oom_kill"),
      over_seconds: 600,
      operator: ">",
      value: 0,
    },
    forSeconds: 0,
    recoveryForSeconds: 300,
    unit: "per_second",
    what: () => "programs ended by the kernel",
    description:
      "Memory ran out, on the host or within the limit of a container, and the kernel ended a program. The kernel's log says which; give it more, or find why it grew.",
  },
];
