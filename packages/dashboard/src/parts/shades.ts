/** What the status intervals of a span look like: shades behind the chart, segments of the strip below it. */
import type { UptimeView } from "@belfry/contract";
import type { Reason } from "@belfry/contract/reason";
import type { Status } from "@belfry/contract/status";
import type { Shade } from "../chart/plot.ts";
import type { Span } from "../route/route.ts";

type Intervals = UptimeView["intervals"];

/** A piece of the strip; `left` and `width` are shares of the span, from 0 to 1. */
export interface Segment {
  readonly status: Status;
  readonly reason: Reason | null;
  readonly from: number;
  /** null: it lasts. */
  readonly to: number | null;
  readonly left: number;
  readonly width: number;
}

/** The segments within a span, oldest first. */
export function segmentsOf(intervals: Intervals, span: Span): readonly Segment[] {
  const length = span.to - span.from;
  return intervals
    .map((interval) => {
      const from = Date.parse(interval.from);
      const to = interval.to === null ? null : Date.parse(interval.to);
      const start = Math.max(from, span.from);
      const end = Math.min(to ?? span.to, span.to);
      return {
        status: interval.status,
        reason: interval.reason,
        from,
        to,
        left: (start - span.from) / length,
        width: (end - start) / length,
      };
    })
    .filter((segment) => segment.width > 0)
    .toSorted((a, b) => a.left - b.left);
}

/** What is shaded: down time loudly; time that says nothing about the target quietly. */
export function shadesOf(intervals: Intervals, span: Span): readonly Shade[] {
  return segmentsOf(intervals, span).flatMap((segment): Shade[] => {
    const tone = toneOf(segment.status);
    if (tone === undefined) return [];
    return [{ tone, from: segment.from, to: segment.to ?? span.to }];
  });
}

function toneOf(status: Status): Shade["tone"] | undefined {
  switch (status) {
    case "down":
      return "down";
    case "unknown":
    case "maintenance":
    case "paused":
      return "quiet";
    case "up":
    case "degraded":
    case "pending":
      return undefined;
  }
}
