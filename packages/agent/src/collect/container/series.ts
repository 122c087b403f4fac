/** Series of a container, with cadvisor's names where it has one. */
import type { Section } from "../../sample/series-table.ts";
import { counter, gauge } from "../metric.ts";
import type { ContainerStats, InspectedContainer, ListedContainer } from "./answer.ts";

export const containerMetrics = {
  states: gauge("belfry_containers", "Containers in a state"),
  lastSeen: gauge("container_last_seen", "Last time a container was seen by the exporter"),
  started: gauge(
    "container_start_time_seconds",
    "Start time of the container since unix epoch in seconds.",
  ),
  cpu: counter("container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds."),
  throttled: counter(
    "container_cpu_cfs_throttled_seconds_total",
    "Total time duration the container has been throttled.",
  ),
  memory: gauge(
    "container_memory_usage_bytes",
    "Current memory usage in bytes, including all memory regardless of when it was accessed",
  ),
  workingSet: gauge("container_memory_working_set_bytes", "Current working set in bytes."),
  memoryLimit: gauge("container_spec_memory_limit_bytes", "Memory limit for the container."),
  processes: gauge("container_processes", "Number of processes running inside the container."),
  read: counter("container_fs_reads_bytes_total", "Cumulative count of bytes read"),
  written: counter("container_fs_writes_bytes_total", "Cumulative count of bytes written"),
  received: counter("container_network_receive_bytes_total", "Cumulative count of bytes received"),
  sent: counter("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted"),
  receiveErrors: counter(
    "container_network_receive_errors_total",
    "Cumulative count of errors encountered while receiving",
  ),
  sendErrors: counter(
    "container_network_transmit_errors_total",
    "Cumulative count of errors encountered while transmitting",
  ),
  restarts: gauge(
    "belfry_container_restarts",
    "Times the engine restarted the container since it was made",
  ),
  healthy: gauge(
    "belfry_container_healthy",
    "1 while its health check passes, 0 while it fails or has yet to pass",
  ),
} as const;

/** Sets what is known of a running container; nothing for others. `now`: epoch ms. */
export function putContainer(
  section: Section,
  { id, name, image, health }: ListedContainer,
  stats: ContainerStats | undefined,
  inspection: InspectedContainer | undefined,
  now: number,
): void {
  if (stats === undefined) return;
  const labels = { id, name, image };
  const startedAt = inspection?.startedAt;
  const all = containerMetrics;
  for (const [metric, value] of [
    [all.lastSeen, Math.trunc(now / 1000)],
    [all.started, startedAt === undefined ? undefined : startedAt / 1000],
    [all.cpu, stats.cpuSeconds],
    [all.throttled, stats.throttledSeconds],
    [all.memory, stats.memoryBytes],
    [all.workingSet, stats.workingSetBytes],
    [all.memoryLimit, inspection?.memoryLimitBytes],
    [all.processes, stats.processes],
    [all.read, stats.readBytes],
    [all.written, stats.writtenBytes],
    [all.restarts, inspection?.restarts],
    [all.healthy, health === undefined ? undefined : Number(health === "healthy")],
  ] as const)
    if (value !== undefined) section.put(metric, labels, value);
  for (const one of stats.interfaces) {
    const own = { ...labels, interface: one.name };
    section.put(containerMetrics.received, own, one.receivedBytes);
    section.put(containerMetrics.sent, own, one.sentBytes);
    section.put(containerMetrics.receiveErrors, own, one.receiveErrors);
    section.put(containerMetrics.sendErrors, own, one.sendErrors);
  }
}
