/** How finely a span is asked for, and how far apart two measurements may be before there is a gap. */
import type { Range, Span } from "../route/route.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Length of a range in ms. */
export const rangeMs: Readonly<Record<Range, number>> = {
  "5m": 5 * minuteMs,
  "15m": 15 * minuteMs,
  "1h": hourMs,
  "6h": 6 * hourMs,
  "24h": dayMs,
  "7d": 7 * dayMs,
  "30d": 30 * dayMs,
  "1y": 365 * dayMs,
};

/** A chart shows no less than this, however new its monitor is. */
const leastShownMs = 5 * minuteMs;

/** The span of a range that ends now. Nothing can be known from before the monitor was made: it is not shown. */
export function spanOf(range: Range, createdAt: number, now: number): Span {
  const from = Math.max(now - rangeMs[range], Math.min(createdAt, now - leastShownMs));
  return { from, to: now };
}

/** More samples than this are gathered into buckets: a chart has about as many pixels. */
const mostSamples = 1600;
const buckets = 420;
/** Steps that divide hours and days. */
const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

/** Seconds of a bucket; null when the samples themselves will do. `intervalSeconds`: from one check to the next. */
export function stepFor(span: Span, intervalSeconds: number): number | null {
  const seconds = (span.to - span.from) / 1000;
  if (seconds / intervalSeconds <= mostSamples) return null;
  return steps.find((step) => seconds / step <= buckets) ?? 86_400;
}

/** A bucket takes so many pixels of a chart. */
const pixelsOfBucket = 2;

/**
 * Seconds of a bucket for a span on a chart of `width` pixels, where every sample is asked for in buckets: never shorter
 * than from one sample to the next. A day is the longest.
 */
export function bucketFor(span: Span, intervalSeconds: number, width: number): number {
  const seconds = (span.to - span.from) / 1000;
  const most = Math.max(60, width / pixelsOfBucket);
  return (
    steps.find((step) => step >= intervalSeconds && seconds / step <= most) ??
    Math.max(86_400, Math.ceil(intervalSeconds))
  );
}

/** The start of the bucket a time lies in, epoch ms; the time itself where `step` is null: there are no buckets. */
export function bucketStart(at: number, step: number | null): number {
  return step === null ? at : Math.floor(at / (step * 1000)) * step * 1000;
}

/** The longest distance in ms between two buckets that is no gap: a sample that came late leaves its bucket empty. */
export function bucketGapFor(step: number, intervalSeconds: number): number {
  return Math.max(step * 1.5, step + intervalSeconds * 1.5) * 1000;
}

/** The longest distance in ms that is no gap: two intervals and a time limit, or two buckets. */
export function gapFor(
  step: number | null,
  intervalSeconds: number,
  timeoutSeconds: number,
): number {
  if (step !== null) return Math.max(step * 1.5, intervalSeconds * 1.5) * 1000;
  return (intervalSeconds * 2 + Math.min(timeoutSeconds, intervalSeconds) + 1) * 1000;
}

/** The least span one can zoom into, ms. */
export const leastSpanMs = 10_000;

/** A dragged span, in whole seconds and not too short; null when it is no drag but a click. */
export function zoomOf(span: Span): Span | null {
  const from = Math.floor(span.from / 1000) * 1000;
  const to = Math.ceil(span.to / 1000) * 1000;
  if (span.to - span.from < 1000) return null;
  if (to - from >= leastSpanMs) return { from, to };
  const middle = (from + to) / 2;
  return { from: middle - leastSpanMs / 2, to: middle + leastSpanMs / 2 };
}
