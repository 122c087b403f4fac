/**
 * W3C trace context, in and out. Where OpenTelemetry's API is present its active span is taken; the API is found by the
 * global it registers and is never imported.
 */
import { randomUUID } from "node:crypto";
import type { Trace } from "./event.ts";

const pattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

/** Reads a `traceparent` header; null when it is none. */
export function parseTraceparent(text: unknown): Trace | null {
  const [, traceId, spanId] = typeof text === "string" ? (pattern.exec(text.trim()) ?? []) : [];
  if (traceId === undefined || spanId === undefined) return null;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId)
    ? null
    : { trace_id: traceId, span_id: spanId };
}

/** The header that hands a trace on; sampled. */
export function formatTraceparent({ trace_id, span_id }: Trace): string {
  return `00-${trace_id}-${span_id}-01`;
}

/** A span of a trace, or of a new one that begins with its time in seconds, as X-Ray asks for. */
export function newTrace(traceId: string | undefined, nowMs: number): Trace {
  const uuid = randomUUID();
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return {
    trace_id:
      traceId ??
      seconds.padStart(8, "0") + randomDigits(randomUUID()) + uuid.slice(9, 13) + uuid.slice(0, 4),
    span_id: randomDigits(uuid),
  };
}

/** The 16 digits of a UUID that hold nothing but chance. */
function randomDigits(uuid: string): string {
  return uuid.slice(0, 4) + uuid.slice(24);
}

/** What is used of OpenTelemetry's API 1.x; any part may be missing. */
interface OpenTelemetry {
  readonly context?: {
    active(): { getValue(key: symbol): { spanContext?(): SpanContext | undefined } | undefined };
  };
}

interface SpanContext {
  readonly traceId?: string;
  readonly spanId?: string;
}

const apiKey = Symbol.for("opentelemetry.js.api.1");
const spanKey = Symbol.for("OpenTelemetry Context Key SPAN");

/** The active span of OpenTelemetry; null when there is none. */
export function activeTrace(): Trace | null {
  const api = openTelemetry();
  if (api?.context === undefined) return null;
  const context = api.context.active().getValue(spanKey)?.spanContext?.();
  return parseTraceparent(`00-${context?.traceId}-${context?.spanId}-01`);
}

/** The global its API registers (`createContextKey` there is `Symbol.for`); every access to it is in a `try` of the caller. */
function openTelemetry(): OpenTelemetry | undefined {
  return (globalThis as { [apiKey]?: OpenTelemetry })[apiKey];
}
