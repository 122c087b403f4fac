/**
 * `@belfry/sdk/otel`: runs as spans of OpenTelemetry, through the API the caller hands in (`import * as api from
 * "@opentelemetry/api"`). A subrun's span is a child of its parent's; a run inside of an active span is a child of that; any
 * other is in the trace of the run.
 */
import type { Emitter, JobEvent, Metadata } from "./event.ts";
import { textOf } from "./text.ts";
import { version } from "./version.ts";

type Attributes = Record<string, string | number | boolean>;

/** What is used of a span. */
export interface OtelSpan {
  addEvent(name: string, attributes?: Attributes, time?: Date): unknown;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { readonly code: number; readonly message: string }): unknown;
  recordException(
    exception: { readonly name: string; readonly message: string; readonly stack?: string },
    time?: Date,
  ): void;
  end(time?: Date): void;
}

/** What is used of a tracer: `trace.getTracer("jobs")`. */
export interface OtelTracer {
  startSpan(
    name: string,
    options?: { readonly startTime?: Date; readonly attributes?: Attributes },
    context?: unknown,
  ): OtelSpan;
}

/** What is used of `@opentelemetry/api`. */
export interface OtelApi {
  readonly ROOT_CONTEXT: unknown;
  readonly context: { active(): unknown };
  readonly trace: {
    getTracer(name: string, version?: string): OtelTracer;
    getSpan(context: unknown): unknown;
    setSpan(context: unknown, span: OtelSpan): unknown;
    setSpanContext(
      context: unknown,
      spanContext: {
        readonly traceId: string;
        readonly spanId: string;
        readonly traceFlags: number;
        readonly isRemote: boolean;
      },
    ): unknown;
  };
}

export interface OtelOptions {
  /** Makes the spans; `api.trace.getTracer("@belfry/sdk")` unless told otherwise. */
  readonly tracer?: OtelTracer;
  /** Called when events are to be handed over: `() => provider.forceFlush()`. Spans are otherwise sent as the provider is set up to. */
  readonly flush?: () => Promise<unknown>;
}

/** `SpanStatusCode.ERROR`. */
const failed = 2;
const sampled = 1;
const longestText = 4_000;

/**
 * Makes a span of each run: it begins and ends with the run and has its metadata and figures as attributes, `progress`, `metric` and
 * `log` as events, and the error of a run that failed. Heartbeats are passed by.
 */
export class OpenTelemetryEmitter implements Emitter {
  readonly #api: OtelApi;
  readonly #tracer: OtelTracer;
  readonly #flush: (() => Promise<unknown>) | undefined;
  /** Of the runs that are open. */
  readonly #spans = new Map<string, OtelSpan>();

  constructor(api: OtelApi, options: OtelOptions = {}) {
    this.#api = api;
    this.#tracer = options.tracer ?? api.trace.getTracer("@belfry/sdk", version);
    this.#flush = options.flush;
  }

  send(record: JobEvent): void {
    const { kind, at, metrics, metadata } = record.event;
    const time = new Date(at);
    switch (kind) {
      case "heartbeat":
        return;
      case "started":
        this.#start(record, time);
        return;
      case "finished":
      case "error":
      case "canceled":
        return this.#end(record, time);
      case "event":
        this.#spanOf(record, time).addEvent("log", attributesOf(metadata), time);
        return;
      case "progress":
      case "metric":
        this.#spanOf(record, time).addEvent(kind, { ...metrics, ...attributesOf(metadata) }, time);
    }
  }

  async flush(timeoutMs = 2_000): Promise<boolean> {
    if (this.#flush === undefined) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    try {
      const done = Promise.resolve(this.#flush()).then(() => true);
      return await Promise.race([done, late]);
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.flush();
  }

  /** The open span of an event's run; one is begun where its start was not seen. */
  #spanOf(record: JobEvent, time: Date): OtelSpan {
    const seconds = record.event.metrics["duration_s"] ?? 0;
    const startTime = new Date(time.getTime() - Math.max(0, seconds) * 1000);
    return this.#spans.get(record.entity.id) ?? this.#start(record, startTime);
  }

  #start(record: JobEvent, startTime: Date): OtelSpan {
    const { entity, app, site_id, event } = record;
    const attributes = {
      ...(event.kind === "started" ? attributesOf(event.metadata) : {}),
      ...prefixed({
        site: site_id,
        app: app.name,
        app_version: app.version,
        job: entity.business_key,
        run_id: entity.id,
        parent_id: entity.parent_id,
        sub_key: entity.sub_key,
        type: entity.type,
      }),
    };
    const name = entity.business_key || app.name;
    const span = this.#tracer.startSpan(name, { startTime, attributes }, this.#contextOf(record));
    this.#spans.set(entity.id, span);
    return span;
  }

  #contextOf({ entity, trace }: JobEvent): unknown {
    const { context, trace: traces, ROOT_CONTEXT } = this.#api;
    const active = context.active();
    const parent = entity.parent_id === null ? undefined : this.#spans.get(entity.parent_id);
    if (parent !== undefined) return traces.setSpan(active, parent);
    if (traces.getSpan(active) !== undefined) return active;
    return traces.setSpanContext(ROOT_CONTEXT, {
      traceId: trace.trace_id,
      spanId: trace.span_id,
      traceFlags: sampled,
      isRemote: true,
    });
  }

  #end(record: JobEvent, time: Date): void {
    const { status, metrics, metadata } = record.event;
    const span = this.#spanOf(record, time);
    this.#spans.delete(record.entity.id);
    const { error, error_type, error_stack, ...others } = metadata;
    span.setAttributes({ ...attributesOf(others), ...prefixed({ ...metrics, status }) });
    if (status === "failed") {
      const message = textOf(error, longestText);
      const stack = typeof error_stack === "string" ? { stack: error_stack } : {};
      span.recordException({ name: textOf(error_type, 200), message, ...stack }, time);
      span.setStatus({ code: failed, message });
    }
    span.end(time);
  }
}

function prefixed(values: Readonly<Record<string, string | number | null>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === null ? [] : [[`belfry.${name}`, value]],
    ),
  );
}

/** Text, numbers and booleans as they are, the rest as JSON; what has no JSON form is left out. */
function attributesOf(metadata: Metadata): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "number" || typeof value === "boolean") attributes[name] = value;
    else {
      const text = typeof value === "string" ? value : jsonOf(value);
      if (text !== undefined) attributes[name] = textOf(text, longestText);
    }
  }
  return attributes;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
