/** On the real API of OpenTelemetry; a small tracer notes the spans, since none of its SDKs is installed. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, it } from "node:test";
import * as api from "@opentelemetry/api";
import { MemoryEmitter, SeveralEmitters } from "./emit/simple.ts";
import { OpenTelemetryEmitter, type OtelApi, type OtelTracer } from "./otel.ts";
import { startRun, within } from "./start.ts";

interface Noted {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Record<string, unknown>;
  readonly events: { readonly name: string; readonly attributes: unknown }[];
  readonly times: [start: Date | undefined, end: Date | undefined];
  status: unknown;
  exception: unknown;
}

/** A tracer that behaves as the API says: parent and trace come from the context that is given. */
function createTracer(): { readonly tracer: OtelTracer; readonly spans: Noted[] } {
  const spans: Noted[] = [];
  const tracer: OtelTracer = {
    startSpan(name, options, context) {
      const parent = api.trace.getSpanContext(contextOf(context));
      const noted: Noted = {
        name,
        traceId: parent?.traceId ?? "f".repeat(32),
        spanId: String(spans.length + 1).padStart(16, "0"),
        parentId: parent?.spanId,
        attributes: { ...options?.attributes },
        events: [],
        times: [options?.startTime, undefined],
        status: undefined,
        exception: undefined,
      };
      spans.push(noted);
      return Object.assign(
        api.trace.wrapSpanContext({ traceId: noted.traceId, spanId: noted.spanId, traceFlags: 1 }),
        {
          addEvent: (event: string, attributes: unknown) =>
            noted.events.push({ name: event, attributes }),
          setAttributes: (attributes: object) => Object.assign(noted.attributes, attributes),
          setStatus: (status: unknown) => (noted.status = status),
          recordException: (exception: unknown) => (noted.exception = exception),
          end: (time: Date) => (noted.times[1] = time),
        },
      );
    },
  };
  return { tracer, spans };
}

/** Guarantee: the emitter hands over only contexts it had from the API. */
function contextOf(context: unknown): api.Context {
  return context as api.Context;
}

describe("runs as spans of OpenTelemetry", () => {
  it("have the metadata, figures and events of a run, in its time and trace", () => {
    const { tracer, spans } = createTracer();
    const memory = new MemoryEmitter();
    const emitter = new SeveralEmitters([memory, new OpenTelemetryEmitter(api, { tracer })]);
    const run = startRun({
      job: "a",
      site: "fab1",
      app: "etl",
      metadata: { lot: "A7", of: [1] },
      emitter,
    });
    run.progress({ current: 1, total: 2, message: "half" });
    run.metric("rows", 7, "rows");
    run.event("warn", "no date", { row: 1 });
    run.finish({ files: 3 });
    const [span] = spans;
    assert.deepEqual([span?.name, span?.traceId], ["a", run.trace.trace_id]);
    const { lot, of, files } = span?.attributes ?? {};
    assert.deepEqual([lot, of, files], ["A7", "[1]", 3]);
    assert.equal(span?.attributes["belfry.run_id"], run.id);
    assert.equal(span?.attributes["belfry.status"], "succeeded");
    assert.equal(typeof span?.attributes["belfry.duration_s"], "number");
    assert.deepEqual(
      span?.events.map(({ name }) => name),
      ["progress", "metric", "log"],
    );
    assert.deepEqual(span?.events[1]?.attributes, { rows: 7, unit: "rows" });
    const [first, last] = [memory.events[0], memory.events.at(-1)];
    assert.deepEqual(
      span?.times.map((time) => time?.toISOString()),
      [first?.event.at, last?.event.at],
    );
    assert.equal(span?.status, undefined);
  });

  it("are children of their parent's", () => {
    const { tracer, spans } = createTracer();
    const emitter = new OpenTelemetryEmitter(api, { tracer });
    const run = startRun({ job: "a", emitter });
    within(run, () => startRun({ job: "b", emitter }).cancel("nothing to do"));
    run.finish();
    const [outer, inner] = spans;
    assert.deepEqual([inner?.parentId, inner?.traceId], [outer?.spanId, outer?.traceId]);
    assert.deepEqual([inner?.attributes["belfry.status"], inner?.status], ["canceled", undefined]);
  });

  it("say why a run failed", () => {
    const { tracer, spans } = createTracer();
    const run = startRun({ job: "a", emitter: new OpenTelemetryEmitter(api, { tracer }) });
    run.fail(new TypeError("no rows"));
    assert.deepEqual(spans[0]?.status, { code: api.SpanStatusCode.ERROR, message: "no rows" });
    const { name, message, stack } = Object(spans[0]?.exception);
    assert.deepEqual([name, message], ["TypeError", "no rows"]);
    assert.match(stack, /otel\.test/);
  });

  it("are children of the span that is active", () => {
    const { tracer, spans } = createTracer();
    const storage = new AsyncLocalStorage<api.Context>();
    api.context.setGlobalContextManager({
      active: () => storage.getStore() ?? api.ROOT_CONTEXT,
      with: (active, work, self, ...args) => storage.run(active, () => work.call(self, ...args)),
      bind: (_, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    try {
      const around = {
        traceId: "4efaaf4d1e8720b39541901950019ee5",
        spanId: "00f067aa0ba902b7",
        traceFlags: 1,
      };
      const emitter = new OpenTelemetryEmitter(api, { tracer });
      api.context.with(api.trace.setSpanContext(api.ROOT_CONTEXT, around), () => {
        startRun({ job: "a", emitter }).finish();
      });
      assert.deepEqual([spans[0]?.parentId, spans[0]?.traceId], [around.spanId, around.traceId]);
    } finally {
      api.context.disable();
    }
  });

  it("begin where the start of a run was not seen", () => {
    const { tracer, spans } = createTracer();
    const memory = new MemoryEmitter();
    startRun({ job: "a", emitter: memory }).finish();
    const end = memory.events.at(-1);
    assert.ok(end !== undefined);
    const event = { ...end.event, metrics: { duration_s: 2 } };
    new OpenTelemetryEmitter(api, { tracer }).send({ ...end, event });
    const [from, to] = spans[0]?.times ?? [];
    assert.equal(Number(to) - Number(from), 2_000);
  });

  it("are made by the API's own tracer unless another is given, and never harm the job", () => {
    const emitter = new OpenTelemetryEmitter(api);
    startRun({ job: "a", emitter }).finish();
    const broken: OtelApi = {
      ...api,
      trace: {
        getTracer: () => createTracer().tracer,
        getSpan: () => {
          throw new Error("no");
        },
        setSpan: () => 0,
        setSpanContext: () => 0,
      },
    };
    startRun({ job: "a", emitter: new OpenTelemetryEmitter(broken) }).finish();
  });

  for (const [what, flush, expected] of [
    ["is done", () => Promise.resolve(), true],
    ["fails", () => Promise.reject(new Error("no")), false],
    ["never ends", () => new Promise(() => undefined), false],
  ] as const) {
    it(`are handed over by the provider: ${what}`, async () => {
      const { tracer } = createTracer();
      const emitter = new OpenTelemetryEmitter(api, { tracer, flush });
      assert.equal(await emitter.flush(20), expected);
    });
  }
});
