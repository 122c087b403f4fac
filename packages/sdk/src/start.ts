/**
 * Starts runs. Whatever the options hold, a run comes out of it: what cannot be used is replaced, never thrown about.
 *
 * A run finds its parent in this order: the option `parent`, the run around it (`AsyncLocalStorage`), the variable
 * `BELFRY_PARENT_RUN`. Its trace: OpenTelemetry's active span, the option `traceparent`, its parent's trace, the
 * variable `TRACEPARENT`, a new one.
 */
import { defaultEmitter } from "./emit/default.ts";
import type { AppFields, Emitter, Metadata, Trace } from "./event.ts";
import { newRunId } from "./id.ts";
import { Run, type RunParts } from "./run.ts";
import { shared, type Shared } from "./shared.ts";
import { optionalText, textOf } from "./text.ts";
import { activeTrace, newTrace, parseTraceparent } from "./trace.ts";
import { version } from "./version.ts";

export interface RunOptions {
  /** Name of the job; the same from run to run. */
  readonly job: string;
  /** Where it runs, as in `SITE_ID`; `default` unless told otherwise. */
  readonly site?: string;
  /** Application the job belongs to: a name or all of it; from the package or the program's name unless told otherwise. */
  readonly app?: string | (Partial<AppFields> & { readonly name: string });
  /** Business key, when it differs from `job`; the hub knows the job by it. `job` is then kept in the metadata. */
  readonly key?: string;
  /** What this run works on: a date, an order, a part of the job. */
  readonly subKey?: string;
  /** Goes with the `started` event. */
  readonly metadata?: Metadata;
  /** Where events go; from the environment unless told otherwise. */
  readonly emitter?: Emitter;
  /** The run this one is part of, or its id; null: none, whatever is around. */
  readonly parent?: Run | string | null;
  /** W3C trace context that came in from outside. */
  readonly traceparent?: string;
  /** Id of the run, unique for ever; a new one unless given. */
  readonly id?: string;
  /** `job`, or `subjob` where there is a parent, unless told otherwise. */
  readonly type?: string;
  /** From one heartbeat to the next, in ms; 10,000 unless told otherwise, 0: none. Short ones cost events. */
  readonly heartbeatMs?: number;
  /** At most one `progress` event in this time, in ms; 250 unless told otherwise, 0: every call is one. */
  readonly progressEveryMs?: number;
}

/**
 * Starts a run and returns it; it is the caller's to end: `await using run = startRun(…)` with `run.complete()` as the
 * last line, or `run.finish()` and `run.fail(error)`. Runs inside of it find it through `within`. Never throws.
 */
export function startRun(options: RunOptions): Run {
  const state = shared();
  try {
    return new Run(readOptions(options, state));
  } catch {
    // Options whose getters throw: the run is followed as one nobody described.
    return new Run(readOptions({ job: "unnamed" }, state));
  }
}

/** Calls `work` so that runs started in it, at any depth, are parts of `run`. */
export function within<T>(run: Run, work: () => T): T {
  return shared().current.run(run, work);
}

/** The run around the caller; undefined outside of runs. */
export function currentRun(): Run | undefined {
  return shared().current.getStore();
}

function readOptions(options: RunOptions, state: Shared): RunParts {
  const { facts } = state;
  const nowMs = Date.now();
  const parent = options.parent === undefined ? state.current.getStore() : options.parent;
  const parentId =
    typeof parent === "object" && parent !== null
      ? parent.id
      : options.parent === undefined
        ? facts.parentRun
        : optionalText(parent, 200);
  const job = textOf(options.job, 400);
  const id = optionalText(options.id, 200) || newRunId(nowMs);
  const heartbeatMs = milliseconds(options.heartbeatMs, 10_000);
  return {
    head: {
      site_id: options.site === undefined ? facts.site : textOf(options.site, 200),
      app: appOf(options.app, facts.app),
      trace: traceOf(options, parent, facts.trace, nowMs),
    },
    entity: {
      type: textOf(options.type ?? (parentId === null ? "job" : "subjob"), 64),
      id,
      parent_id: parentId,
      business_key: options.key === undefined ? job : textOf(options.key, 400),
      sub_key: optionalText(options.subKey, 400),
    },
    // An id of the caller's may come again, in a second try: its events must not count as those of the first.
    keyBase: options.id === undefined ? id : newRunId(nowMs),
    metadata: {
      ...options.metadata,
      ...(options.key === undefined ? {} : { job }),
      ...(facts.aws === null || options.metadata?.["aws"] !== undefined ? {} : { aws: facts.aws }),
      process: facts.process,
      sdk: `belfry-node/${version}`,
      heartbeat_s: heartbeatMs / 1e3,
    },
    emitter: options.emitter ?? (state.emitter ??= defaultEmitter(facts)),
    watch: state.watch,
    heartbeatMs,
    progressEveryMs: milliseconds(options.progressEveryMs, 250),
  };
}

function appOf(app: RunOptions["app"], usual: AppFields): AppFields {
  if (app === undefined) return usual;
  if (typeof app === "string") return { app_id: null, name: textOf(app, 200), version: null };
  return {
    app_id: optionalText(app.app_id, 200),
    name: textOf(app.name, 200),
    version: optionalText(app.version, 100),
  };
}

function traceOf(
  options: RunOptions,
  parent: Run | string | null | undefined,
  inherited: Trace | null,
  nowMs: number,
): Trace {
  const active = safeActiveTrace();
  if (active !== null) return active;
  const given = options.traceparent === undefined ? null : parseTraceparent(options.traceparent);
  const around = typeof parent === "object" && parent !== null ? parent.trace : inherited;
  return newTrace((given ?? around)?.trace_id, nowMs);
}

/** Somebody else's API: whatever it does wrong is no trace. */
function safeActiveTrace(): Trace | null {
  try {
    return activeTrace();
  } catch {
    return null;
  }
}

function milliseconds(value: number | undefined, usual: number): number {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : usual;
}
