/** Values of metrics as people say them: what a metric counts is read from its name, as Prometheus names metrics. */
import { formatBytes, formatCelsius, formatCount, formatRate } from "../format/number.ts";
import { formatDuration } from "../format/time.ts";
import type { RuleCondition } from "@belfry/contract";

/** What a value counts. */
export type Counted = "share" | "bytes" | "byte_rate" | "seconds" | "celsius" | "rate" | "plain";

/** What the values a condition compares count. */
export function countedBy(condition: RuleCondition): Counted {
  switch (condition.kind) {
    case "absence":
      return "seconds";
    case "ratio":
      // A part of something; or so many for each, as load per core.
      return Math.abs(condition.value) <= 1 ? "share" : "plain";
    case "rate": {
      const name = condition.metric.name.replace(/_total$/, "");
      // Seconds that pass in a second are a part of the time.
      if (name.endsWith("_seconds")) return "share";
      return name.endsWith("_bytes") ? "byte_rate" : "rate";
    }
    case "change":
      return condition.relative ? "share" : countedIn(condition.metric.name);
    case "threshold":
    case "prediction":
      return countedIn(condition.metric.name);
  }
}

function countedIn(name: string): Counted {
  if (name.endsWith("_ratio")) return "share";
  if (name.endsWith("_bytes_per_second")) return "byte_rate";
  if (name.endsWith("_bytes")) return "bytes";
  if (name.endsWith("_time_seconds")) return "plain";
  if (name.endsWith("_seconds")) return "seconds";
  return name.endsWith("_celsius") ? "celsius" : "plain";
}

/** A value with its unit: `95 %`, `3.4 GiB`, `12 min`. */
export function valueWords(value: number, counted: Counted): string {
  if (!Number.isFinite(value)) return value > 0 ? "endless" : "–";
  switch (counted) {
    case "share":
      return `${rounded(value * 100)} %`;
    case "bytes":
      return formatBytes(value);
    case "byte_rate":
      return formatRate(value);
    case "seconds":
      return Math.abs(value) < 1 || value < 0
        ? `${rounded(value * 1000)} ms`
        : formatDuration(value * 1000);
    case "celsius":
      return formatCelsius(value);
    case "rate":
      return rateWords(value);
    case "plain":
      return rounded(value);
  }
}

/** As often as can be imagined: `20/s`, `30/min`, `2/h`. */
function rateWords(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || size >= 1) return `${rounded(value)}/s`;
  return size * 60 >= 1 ? `${rounded(value * 60)}/min` : `${rounded(value * 3600)}/h`;
}

function rounded(value: number): string {
  if (Math.abs(value) >= 1000) return formatCount(value);
  return Number(value.toPrecision(3)).toString();
}
