/** Events as metrics of CloudWatch, the same as the sidecar's sink `aws_cloudwatch` makes of them. */
import type { JobEvent } from "../event.ts";
import type { Datum } from "./clients.ts";

/** Where it runs, as dimensions. */
export interface Place {
  readonly platform: string;
  readonly instance: string | undefined;
}

type Dimensions = readonly (readonly [name: string, value: string])[];

/** Metrics of an event, in order. Values CloudWatch refuses are left out. */
export function metricsOf(record: JobEvent, place: Place, ownMetrics: boolean): readonly Datum[] {
  const { kind, metrics, at } = record.event;
  const usual: Dimensions = [
    ["SiteId", record.site_id],
    ["AppName", record.app.name],
    ["EntityType", record.entity.type],
    ["ComputePlatform", place.platform],
    ...(place.instance === undefined ? [] : [["InstanceId", place.instance] as const]),
  ];
  const found: Datum[] = [];
  const add = (
    name: string,
    value: number | undefined,
    unit: Datum["Unit"],
    dimensions: Dimensions = usual,
  ): void => {
    if (value === undefined || !(Math.abs(value) <= 2 ** 360)) return;
    found.push({
      MetricName: plainText(name, 255),
      Dimensions: dimensions.map(([Name, text]) => ({ Name, Value: plainText(text, 1024) })),
      Timestamp: new Date(at),
      Value: value,
      Unit: unit,
    });
  };
  if (isEnd(record)) {
    add("JobCompleted", 1, "Count", [...usual, ["Status", record.event.status ?? "unknown"]]);
    add("JobDuration", metrics["duration_s"], "Seconds");
    add("CPUUserTime", metrics["cpu_user_s"], "Seconds");
    add("CPUSystemTime", metrics["cpu_system_s"], "Seconds");
  }
  add("MemoryMaxMB", metrics["mem_max_mb"], "Megabytes");
  if (kind !== "metric" || !ownMetrics) return found;
  for (const [name, value] of Object.entries(metrics)) {
    if (name !== "mem_max_mb") add(name, value, "None");
  }
  return found;
}

/** Whether an event ends its run. */
export function isEnd({ event: { kind } }: JobEvent): boolean {
  return kind === "finished" || kind === "error" || kind === "canceled";
}

/** ASCII without control characters, not blank, not beginning with a colon; others as `\u00f6`. */
function plainText(text: string, maxLength: number): string {
  const plain = text.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const named = plain.trim() === "" ? "unknown" : plain.startsWith(":") ? `_${plain}` : plain;
  return named.slice(0, maxLength);
}
