import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, it } from "node:test";
import { ROOT_CONTEXT, context, trace, type Context } from "@opentelemetry/api";
import { MemoryEmitter } from "./emit/simple.ts";
import { newRunId } from "./id.ts";
import { startRun } from "./start.ts";
import { activeTrace, formatTraceparent, newTrace, parseTraceparent } from "./trace.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("traceparent", () => {
  for (const [text, parsed] of [
    [`00-${traceId}-${spanId}-01`, { trace_id: traceId, span_id: spanId }],
    [`cc-${traceId}-${spanId}-00-what-comes-later`, { trace_id: traceId, span_id: spanId }],
    [`00-${"0".repeat(32)}-${spanId}-01`, null],
    [`00-${traceId}-${"0".repeat(16)}-01`, null],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, null],
    ["", null],
    [undefined, null],
    [7, null],
  ] as const) {
    it(`reads ${String(text)}`, () => assert.deepEqual(parseTraceparent(text), parsed));
  }

  it("is written as it is read, new ones too", () => {
    for (let round = 0; round < 100; round += 1) {
      const made = newTrace(undefined, Date.UTC(2026, 0, 1));
      assert.deepEqual(parseTraceparent(formatTraceparent(made)), made);
      assert.ok(made.trace_id.startsWith("6955b900"), made.trace_id);
      assert.notEqual(newTrace(made.trace_id, 0).span_id, made.span_id);
    }
  });

  it("that came in is the trace of the run", () => {
    const emitter = new MemoryEmitter();
    const run = startRun({ job: "a", emitter, traceparent: `00-${traceId}-${spanId}-01` });
    run.finish();
    assert.match(run.traceparent, new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });
});

describe("OpenTelemetry's active span", () => {
  it("gives a run its ids", () => {
    assert.equal(activeTrace(), null);
    const storage = new AsyncLocalStorage<Context>();
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
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
      const emitter = new MemoryEmitter();
      const span = trace.wrapSpanContext({ traceId, spanId, traceFlags: 1 });
      assert.equal(activeTrace(), null);
      context.with(trace.setSpan(context.active(), span), () => {
        startRun({ job: "a", emitter }).finish();
      });
      startRun({ job: "b", emitter }).finish();
      assert.deepEqual(emitter.events[0]?.trace, { trace_id: traceId, span_id: spanId });
      assert.notEqual(emitter.events[2]?.trace.trace_id, traceId);
    } finally {
      context.disable();
    }
  });
});

describe("ids of runs", () => {
  it("are UUIDs of version 7 that sort by time", () => {
    const ids = [1, 2, 1_000_000, 1_790_000_000_000].map(newRunId);
    for (const id of ids) {
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    assert.deepEqual(
      ids.toSorted((a, b) => (a < b ? -1 : 1)),
      ids,
    );
  });
});
