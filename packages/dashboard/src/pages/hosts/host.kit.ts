/** A host for tests: up, quiet, and changed as a test wants it. */
import type { HostDetailView, HostView } from "@belfry/contract";

/** What of a host may be given; figures are added to none. */
export interface HostChange extends Partial<Omit<HostView, "figures">> {
  readonly figures?: Partial<HostView["figures"]>;
}

/** A row of the list. */
export function hostOf(name: string, change: HostChange = {}): HostView {
  return {
    id: `id of ${name}`,
    name,
    status: "up",
    status_since: "2026-01-01T00:00:00Z",
    labels: {},
    names: [name],
    agent_version: "0.1.0",
    interval: 5,
    last_heard_at: "2026-01-02T00:00:00Z",
    last_sample_at: "2026-01-02T00:00:00Z",
    clock_offset: 0,
    series: 300,
    notices: [],
    ...change,
    figures: {
      cpu_ratio: null,
      memory_ratio: null,
      swap_ratio: null,
      disk_ratio: null,
      fullest_disk_ratio: null,
      load1: null,
      load5: null,
      load15: null,
      cores: null,
      disk_read_bytes_per_second: null,
      disk_written_bytes_per_second: null,
      network_receive_bytes_per_second: null,
      network_transmit_bytes_per_second: null,
      temperature_celsius: null,
      boot_time: null,
      ...change.figures,
    },
  };
}

/** The same with all that its page knows. */
export function hostDetailOf(
  name: string,
  change: Partial<Omit<HostDetailView, "figures">> = {},
): HostDetailView {
  return {
    ...hostOf(name),
    silent_after: 30,
    retention_days: null,
    enabled: true,
    version: 1,
    created_at: "2025-01-01T00:00:00Z",
    details: null,
    details_at: null,
    file_systems: [],
    ...change,
  };
}
