/** Short makers of metric descriptions. */
import type { Metric } from "../sample/series-table.ts";

/** A value that goes up and down. */
export function gauge(name: string, help: string): Metric {
  return { name, type: "gauge", help };
}

/** A value that only grows until the machine or a device starts anew. */
export function counter(name: string, help: string): Metric {
  return { name, type: "counter", help };
}
