/**
 * One run of a job. Every method may be called at any time, also after the end (then it does nothing); none throws,
 * none waits.
 *
 * States: open → succeeded | failed | canceled. The first end counts. `progress` is sent at most every
 * `progressEveryMs`; the latest one that was held back goes out with the next pulse of the process or before the next
 * other event, so the last word on progress is never lost. Every other call is one event.
 */
import type {
  Emitter,
  EntityFields,
  EventKind,
  JobEvent,
  Metadata,
  RunStatus,
  Trace,
} from "./event.ts";
import { EntityRef } from "./event.ts";
import { megabytes, readUsage, rounded, usageSince, type Usage } from "./process/usage.ts";
import type { OpenRun, Watch } from "./process/watch.ts";
import { errorMetadata, optionalText, textOf } from "./text.ts";
import { formatTraceparent } from "./trace.ts";

/** How far a run is. Without `total` only `current` and the message are known. */
export interface Progress {
  readonly current?: number;
  readonly total?: number;
  readonly message?: string;
}

export type Level = "debug" | "info" | "warn" | "error";

/** What a run is made of; `startRun` puts it together. */
export interface RunParts {
  readonly head: Pick<JobEvent, "site_id" | "app" | "trace">;
  readonly entity: EntityFields;
  /** What the keys of its events begin with: the same text never occurs for two runs. */
  readonly keyBase: string;
  readonly metadata: Metadata;
  readonly emitter: Emitter;
  readonly watch: Watch;
  readonly heartbeatMs: number;
  readonly progressEveryMs: number;
}

type Metrics = Record<string, number>;

export class Run implements OpenRun {
  readonly entity: EntityRef;
  readonly #parts: RunParts;
  readonly #startedMs = performance.now();
  readonly #usage: Usage;
  readonly #startedRuns: number;
  readonly #openBefore: number;
  #status: RunStatus = "running";
  #events = 0;
  #seenKb: number;
  #lagS = 0;
  #beatMs = this.#startedMs;
  #progress: Metrics | undefined;
  #message: string | undefined;
  #isHeld = false;
  #progressMs = -Infinity;

  constructor(parts: RunParts) {
    const { watch } = parts;
    this.#parts = parts;
    this.entity = new EntityRef(parts.entity);
    this.#usage = readUsage();
    this.#seenKb = watch.memoryKb(this.#startedMs);
    this.#openBefore = watch.openRuns;
    watch.enter(this);
    this.#startedRuns = watch.startedRuns;
    this.#emit(
      "started",
      { cpu_user_s: 0, cpu_system_s: 0, mem_max_mb: megabytes(this.#seenKb) },
      parts.metadata,
    );
  }

  /** Id of the run; give it to another process as `BELFRY_PARENT_RUN`, or as its `parent` option. */
  get id(): string {
    return this.entity.id;
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** The most memory seen in the process since the start, in MiB. */
  get memMaxMb(): number {
    return megabytes(this.#seenKb);
  }

  get trace(): Trace {
    return this.#parts.head.trace;
  }

  /** W3C trace context of this run, to be sent along as the header `traceparent`. */
  get traceparent(): string {
    return formatTraceparent(this.trace);
  }

  /** Environment for a child process: its runs become parts of this one. */
  get environment(): { readonly BELFRY_PARENT_RUN: string; readonly TRACEPARENT: string } {
    return { BELFRY_PARENT_RUN: this.id, TRACEPARENT: this.traceparent };
  }

  /** How far the run is: a ratio from 0 to 1, or counts. Numbers that are not finite are left out. */
  progress(progress: number | Progress): void {
    try {
      if (this.#status !== "running") return;
      this.#progress = progressMetrics(progress);
      this.#message =
        typeof progress === "object" && progress.message !== undefined
          ? textOf(progress.message, 1_000)
          : undefined;
      this.#isHeld = true;
      const nowMs = performance.now();
      if (nowMs - this.#progressMs >= this.#parts.progressEveryMs) this.#sendProgress(nowMs);
    } catch {
      // A getter of the caller's object threw.
    }
  }

  /** Tells that the run is alive, with metadata; always one event. */
  tick(metadata: Metadata = {}): void {
    this.#emit("progress", { mem_max_mb: this.memMaxMb }, { ...metadata });
  }

  /** A figure of the job's own. What is not finite is left out. */
  metric(name: string, value: number, unit?: string): void {
    if (!Number.isFinite(value)) return;
    this.#emit(
      "metric",
      { [textOf(name, 200)]: value },
      unit === undefined ? {} : { unit: textOf(unit, 40) },
    );
  }

  /** A line of the run's log. */
  event(level: Level | (string & {}), message: string, context?: Metadata): void {
    this.#emit(
      "event",
      {},
      {
        level: textOf(level, 20),
        message: textOf(message, 4_000),
        ...(context === undefined ? {} : { context }),
      },
    );
  }

  /** The run succeeded. */
  finish(metadata: Metadata = {}): void {
    this.#end("finished", "succeeded", metadata);
  }

  /** The same as `finish`: what a run of `startRun` must be told before its scope is left. */
  complete(metadata: Metadata = {}): void {
    this.finish(metadata);
  }

  /** The run failed: `finished` with the status `failed`, and the error in the metadata. */
  fail(error: unknown, metadata: Metadata = {}): void {
    this.#end("finished", "failed", metadata, errorMetadata(error));
  }

  /** The run was given up on purpose. */
  cancel(reason?: string): void {
    this.#end("canceled", "canceled", {}, { reason: optionalText(reason, 1_000) });
  }

  /** Hands over what was sent so far; as `Emitter.flush`. */
  async flush(timeoutMs?: number): Promise<boolean> {
    try {
      return await this.#parts.emitter.flush(timeoutMs);
    } catch {
      return false;
    }
  }

  /** The end of a `using` scope. A run that was not told how it ended has failed: the scope does not say why it was left. */
  [Symbol.dispose](): void {
    this.fail(new IncompleteError());
  }

  /** As `Symbol.dispose`; waits for nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }

  /** Called by the watch of the process. */
  pulse(nowMs: number, lagS: number): void {
    const { heartbeatMs, progressEveryMs, watch } = this.#parts;
    this.#seenKb = Math.max(this.#seenKb, watch.memoryKb(nowMs));
    this.#lagS = Math.max(this.#lagS, lagS);
    if (this.#isHeld && nowMs - this.#progressMs >= progressEveryMs) this.#sendProgress(nowMs);
    if (heartbeatMs > 0 && nowMs - this.#beatMs >= heartbeatMs) {
      this.#beatMs = nowMs;
      this.#emit("heartbeat", { ...this.#figures(nowMs), ...this.#progress }, {});
    }
  }

  #sendProgress(nowMs: number): void {
    this.#isHeld = false;
    this.#progressMs = nowMs;
    this.#emit(
      "progress",
      { ...this.#progress, mem_max_mb: this.memMaxMb },
      this.#message === undefined ? {} : { message: this.#message },
    );
  }

  #end(kind: EventKind, status: RunStatus, own: Metadata, more: Metadata = {}): void {
    if (this.#status !== "running") return;
    const nowMs = performance.now();
    const { watch } = this.#parts;
    this.#seenKb = Math.max(this.#seenKb, watch.memoryKb(nowMs));
    this.#lagS = Math.max(this.#lagS, nowMs - this.#startedMs < 1 ? 0 : watch.pendingLagS(nowMs));
    const overlapping = this.#openBefore + watch.startedRuns - this.#startedRuns;
    const shared =
      overlapping === 0 ? {} : { resource_scope: "process", overlapping_runs: overlapping };
    if (this.#isHeld) this.#sendProgress(nowMs);
    this.#status = status;
    watch.leave(this);
    this.#emit(kind, this.#figures(nowMs), { ...own, ...shared, ...more });
  }

  #figures(nowMs: number): Metrics {
    const figures: Metrics = {
      duration_s: rounded((nowMs - this.#startedMs) / 1e3),
      ...usageSince(this.#usage, this.#seenKb),
    };
    if (this.#lagS > 0) figures["event_loop_lag_max_s"] = rounded(this.#lagS);
    return figures;
  }

  #emit(kind: EventKind, metrics: Metrics, metadata: Metadata): void {
    try {
      const { head, emitter, keyBase } = this.#parts;
      const isEnd = kind === "finished" || kind === "canceled";
      if (this.#status !== "running" && !isEnd) return;
      if (this.#isHeld) this.#sendProgress(performance.now());
      emitter.send({
        idempotency_key: `${keyBase}-${this.#events++}`,
        site_id: head.site_id,
        app: head.app,
        entity: this.#parts.entity,
        event: { kind, at: new Date().toISOString(), status: this.#status, metrics, metadata },
        trace: head.trace,
      });
    } catch {
      // An emitter of the caller's own that throws loses the event, not the job.
    }
  }
}

function progressMetrics(progress: number | Progress): Metrics {
  const metrics: Metrics = {};
  if (typeof progress === "number") {
    if (Number.isFinite(progress)) metrics["progress_pct"] = progress * 100;
    return metrics;
  }
  const { current, total } = progress;
  if (isFinite(current)) metrics["progress_current"] = current;
  if (isFinite(total)) metrics["progress_total"] = total;
  if (isFinite(current) && isFinite(total) && total > 0) {
    metrics["progress_pct"] = (current / total) * 100;
  }
  return metrics;
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}

class IncompleteError extends Error {
  override readonly name = "IncompleteError";

  constructor() {
    super("the scope of the run was left without run.complete()");
  }
}
