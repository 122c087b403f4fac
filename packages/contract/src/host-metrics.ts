/**
 * The gauges an agent computes for every host beside node_exporter's series, so that lists, sparklines and rules read
 * one series instead of summing hundreds. Rates and ratios are over the time since the sample before. A gauge whose
 * source is missing on a host is absent. Figures of a host are the latest values of these.
 */
export const hostMetrics = {
  cpuRatio: {
    name: "belfry_host_cpu_ratio",
    help: "Time of all cores spent busy (all modes but idle and iowait), 0 to 1",
  },
  /** One series per `mode`: user, nice, system, iowait, irq, softirq, steal; guest time is in user and nice. */
  cpuModeRatio: {
    name: "belfry_host_cpu_mode_ratio",
    help: "Time of all cores spent in a mode, 0 to 1",
  },
  memoryRatio: {
    name: "belfry_host_memory_used_ratio",
    help: "Memory that is not available to programs, 0 to 1",
  },
  swapRatio: { name: "belfry_host_swap_used_ratio", help: "Swap in use, 0 to 1" },
  diskRatio: {
    name: "belfry_host_disk_used_ratio",
    help: "Space used on the main file system as df counts it: used / (used + available), 0 to 1",
  },
  fullestDiskRatio: {
    name: "belfry_host_fullest_disk_used_ratio",
    help: "The same of the fullest local file system",
  },
  diskRead: {
    name: "belfry_host_disk_read_bytes_per_second",
    help: "Bytes read from all whole disks",
  },
  diskWrite: {
    name: "belfry_host_disk_written_bytes_per_second",
    help: "Bytes written to all whole disks",
  },
  networkReceive: {
    name: "belfry_host_network_receive_bytes_per_second",
    help: "Bytes received on all physical interfaces",
  },
  networkTransmit: {
    name: "belfry_host_network_transmit_bytes_per_second",
    help: "Bytes sent on all physical interfaces",
  },
  temperature: {
    name: "belfry_host_temperature_celsius",
    help: "The hottest of the sensors",
  },
  load1: { name: "node_load1", help: "1m load average." },
  load5: { name: "node_load5", help: "5m load average." },
  load15: { name: "node_load15", help: "15m load average." },
  bootTime: { name: "node_boot_time_seconds", help: "Node boot time, in unixtime." },
  cores: { name: "belfry_host_cpu_cores", help: "Logical cores that are online" },
} as const satisfies Record<string, { name: string; help: string }>;

/** A key of `hostMetrics`. */
export type HostMetric = keyof typeof hostMetrics;
