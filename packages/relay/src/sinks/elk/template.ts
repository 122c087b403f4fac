/**
 * The index template: field types for everything documents hold. It is put where it is missing or older than this one;
 * one with a higher version, or none, is somebody's own and stays. Flattened fields keep a job's metadata from growing the
 * mapping; `dynamic: false` keeps everything else from it. OpenSearch has `flat_object` for them.
 */
import type { ElkSettings } from "./settings.ts";

/** Raised with every change of what is below. */
export const templateVersion = 1;

export type FlatType = "flattened" | "flat_object";

const keyword = { type: "keyword", ignore_above: 1024 } as const;
const text = { type: "text" } as const;
const date = { type: "date" } as const;
const double = { type: "double" } as const;
const named = { properties: { id: keyword, name: keyword } } as const;

/** Its name, as the original names it. */
export function templateName(settings: ElkSettings): string {
  const { target, data_stream: stream, index_prefix: prefix } = settings;
  return `${target === "dated" ? prefix : stream}-template`;
}

/** Its body. */
export function templateBody(settings: ElkSettings, flat: FlatType): object {
  const isDated = settings.target === "dated";
  return {
    index_patterns: [isDated ? `${settings.index_prefix}-*` : settings.data_stream],
    ...(isDated ? {} : { data_stream: {} }),
    // Above Elastic's own for `logs-*-*`, which has 100.
    priority: 300,
    version: templateVersion,
    _meta: { managed_by: "belfry" },
    template: { mappings: { dynamic: false, properties: propertiesOf(flat) } },
  };
}

function propertiesOf(flat: FlatType): object {
  const flattened = flat === "flattened" ? { type: flat, ignore_above: 1024 } : { type: flat };
  return {
    "@timestamp": date,
    timestamp: date,
    ecs: { properties: { version: keyword } },
    message: text,
    event: {
      properties: {
        ...keywords("id", "kind", "category", "type", "action", "outcome", "module", "dataset"),
        duration: { type: "long" },
        start: date,
        end: date,
        created: date,
      },
    },
    service: { properties: keywords("name", "version") },
    trace: { properties: keywords("id") },
    span: { properties: keywords("id") },
    error: {
      properties: { message: text, type: keyword, stack_trace: { ...text, index: false } },
    },
    log: { properties: keywords("level") },
    host: { properties: { ...named.properties, cpu: { properties: { usage: double } } } },
    observer: { properties: keywords("name") },
    labels: flattened,
    ...keywords("idempotency_key", "site_id", "app_name", "app_version", "app_id"),
    ...keywords("entity_type", "entity_id", "parent_id", "business_key", "sub_key"),
    ...keywords("event_kind", "status"),
    ...doubles("duration_s", "cpu_user_s", "cpu_system_s", "mem_max_mb"),
    metrics: {
      properties: {
        ...doubles("progress_pct", "cpu_ratio", "memory_ratio", "swap_ratio", "disk_ratio"),
        ...doubles("fullest_disk_ratio", "load1", "load5", "load15", "cores"),
        ...doubles("disk_read_bytes_per_second", "disk_written_bytes_per_second"),
        ...doubles("network_receive_bytes_per_second", "network_transmit_bytes_per_second"),
        ...doubles("temperature_celsius"),
      },
    },
    metadata: flattened,
    belfry: {
      properties: {
        monitor: { properties: { ...named.properties, ...keywords("kind", "target") } },
        host: named,
        ...keywords("result", "reason", "from", "to"),
        ...doubles("latency_ms", "value"),
      },
    },
  };
}

function keywords(...names: readonly string[]): Record<string, typeof keyword> {
  return Object.fromEntries(names.map((name) => [name, keyword]));
}

function doubles(...names: readonly string[]): Record<string, typeof double> {
  return Object.fromEntries(names.map((name) => [name, double]));
}
