/**
 * Belfry's metrics about itself: `belfry_*`, `process_*`, and the documented names of Sentinel that count checks. Stages
 * never see this; `app.ts` hands them the functions. What a check costs here is a few lookups: every child of a labelled
 * metric is made once.
 */
import type { Reason } from "@belfry/contract";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { addIngestMetrics, type IngestMetrics } from "./metrics-ingest.ts";
import { addJobMetrics, type JobMetrics } from "./metrics-jobs.ts";
import { addProcessMetrics } from "./metrics-process.ts";

/** A check as it is counted. */
export interface CountedCheck {
  readonly kind: string;
  readonly result: "up" | "down" | "unknown";
  readonly reason: Reason | null;
  readonly durationSeconds: number;
}

/** A queue as it is watched. */
export interface WatchedQueue {
  readonly depth: number;
  /** Seconds the oldest item has waited; 0 when empty. */
  readonly ageSeconds: number;
  /** Items dropped since the start. */
  readonly dropped: number;
}

export interface Metrics extends IngestMetrics, JobMetrics, Disposable {
  readonly registry: Registry;
  checked(check: CountedCheck): void;
  /** Told of each start of a check with the time between due and started. */
  started(lagSeconds: number): void;
  /** Told of slots that were not used. */
  skipped(cause: "overrun" | "stall" | "take_over", count: number): void;
  /** Told of each span the event loop stood still. */
  stalled(seconds: number): void;
  /** Told of each answer of the store. */
  storeTook(operation: string, seconds: number): void;
  /** Told of failures of Belfry that no caller sees. */
  failed(part: string): void;
  /** Told of each attempt to deliver a notice. */
  noticeTried(kind: string, result: string): void;
  /** Reads how many checks run and wait, at each scrape. */
  watchChecks(read: () => { readonly running: number; readonly waiting: number }): void;
  /** Reads a queue at each scrape. */
  watchQueue(queue: string, read: () => WatchedQueue): void;
  /** Reads the event streams of pages at each scrape. */
  watchLive(read: () => { readonly readers: number; readonly dropped: number }): void;
}

const lagBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const storeBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Makes the metrics. `version` is Belfry's. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const process = addProcessMetrics(registry);
  new Gauge({
    name: "belfry_build_info",
    help: "Always 1; the labels say what is running",
    labelNames: ["version", "node"],
    registers: [registry],
  }).set({ version, node: globalThis.process.version }, 1);
  return {
    registry,
    ...countChecks(registry),
    ...countHub(registry),
    ...watchHub(registry),
    ...addIngestMetrics(registry),
    ...addJobMetrics(registry),
    [Symbol.dispose]: () => process[Symbol.dispose](),
  };
}

function countChecks(registry: Registry): Pick<Metrics, "checked" | "started" | "skipped"> {
  const registers = [registry];
  const checks = new Counter({
    name: "belfry_checks_total",
    help: "Checks by kind, result and reason (empty for up)",
    labelNames: ["kind", "result", "reason"],
    registers,
  });
  const duration = new Histogram({
    name: "belfry_check_duration_seconds",
    help: "How long checks took",
    labelNames: ["kind"],
    buckets: latencyBuckets,
    registers,
  });
  const lag = new Histogram({
    name: "belfry_check_lag_seconds",
    help: "How late checks started",
    buckets: lagBuckets,
    registers,
  });
  const skips = new Counter({
    name: "belfry_checks_skipped_total",
    help: "Slots not used: the check before still ran (overrun), Belfry stood still (stall), or nobody looked (take_over)",
    labelNames: ["cause"],
    registers,
  });
  for (const cause of ["overrun", "stall", "take_over"]) skips.inc({ cause }, 0);
  const sentinelChecks = new Counter({
    name: "sentinel_checks_total",
    help: "Checks by how they ended",
    labelNames: ["status"],
    registers,
  });
  const sentinelLatency = new Histogram({
    name: "sentinel_latency_seconds",
    help: "Response times of all monitors",
    buckets: latencyBuckets,
    registers,
  });
  const child = createCache((key: string, { kind, result, reason }: CountedCheck) => ({
    key,
    total: checks.labels({ kind, result, reason: reason ?? "" }),
    duration: duration.labels({ kind }),
    sentinel: sentinelChecks.labels({ status: sentinelStatusOf(result, reason) }),
  }));
  return {
    checked(check) {
      const one = child(`${check.kind} ${check.result} ${check.reason ?? ""}`, check);
      one.total.inc();
      one.sentinel.inc();
      if (check.result === "unknown") return;
      one.duration.observe(check.durationSeconds);
      sentinelLatency.observe(check.durationSeconds);
    },
    started: (lagSeconds) => lag.observe(lagSeconds),
    skipped: (cause, count) => skips.inc({ cause }, count),
  };
}

/** Sentinel's words: it answered wrongly (DOWN), not in time (TIMEOUT), or could not be talked to (ERROR). */
function sentinelStatusOf(result: CountedCheck["result"], reason: Reason | null): string {
  if (result === "up") return "UP";
  if (result === "unknown") return "UNKNOWN";
  if (reason === "timeout") return "TIMEOUT";
  const spoke: readonly (Reason | null)[] = [
    "status",
    "assertion",
    "redirect",
    "too_large",
    "loss",
    null,
  ];
  return spoke.includes(reason) ? "DOWN" : "ERROR";
}

type HubCounts = "stalled" | "storeTook" | "failed" | "noticeTried";

function countHub(registry: Registry): Pick<Metrics, HubCounts> {
  const registers = [registry];
  const stalls = new Counter({
    name: "belfry_event_loop_stalled_seconds_total",
    help: "Time the event loop stood still",
    registers,
  });
  const store = new Histogram({
    name: "belfry_store_duration_seconds",
    help: "How long the store took to answer",
    labelNames: ["operation"],
    buckets: storeBuckets,
    registers,
  });
  const failures = new Counter({
    name: "belfry_failures_total",
    help: "Failures of Belfry's own parts; the log has each one",
    labelNames: ["part"],
    registers,
  });
  const notices = new Counter({
    name: "belfry_notice_attempts_total",
    help: "Attempts to deliver notices, by kind of channel and what came of them",
    labelNames: ["kind", "result"],
    registers,
  });
  const operation = createCache((name: string) => store.labels({ operation: name }));
  return {
    stalled: (seconds) => stalls.inc(seconds),
    storeTook: (name, seconds) => operation(name, undefined).observe(seconds),
    failed: (part) => failures.inc({ part }),
    noticeTried: (kind, result) => notices.inc({ kind, result }),
  };
}

function watchHub(registry: Registry): Pick<Metrics, "watchChecks" | "watchQueue" | "watchLive"> {
  const registers = [registry];
  const queues = new Map<string, () => WatchedQueue>();
  const gauge = (name: string, help: string, read: (queue: WatchedQueue) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ["queue"],
      registers,
      collect() {
        for (const [queue, look] of queues) this.set({ queue }, read(look()));
      },
    });
  };
  gauge("belfry_queue_depth", "Items that wait", ({ depth }) => depth);
  gauge(
    "belfry_queue_age_seconds",
    "How long the oldest item waits",
    ({ ageSeconds }) => ageSeconds,
  );
  new Counter({
    name: "belfry_queue_dropped_total",
    help: "Items dropped because a queue was full",
    labelNames: ["queue"],
    registers,
    collect() {
      this.reset();
      for (const [queue, look] of queues) this.inc({ queue }, look().dropped);
    },
  });
  return {
    watchQueue: (queue, read) => void queues.set(queue, read),
    watchChecks(read) {
      watch(registry, "belfry_checks_running", "Checks under way", () => read().running);
      watch(
        registry,
        "belfry_checks_waiting",
        "Checks that are due and wait for room",
        () => read().waiting,
      );
    },
    watchLive(read) {
      watch(registry, "belfry_live_readers", "Event streams that are open", () => read().readers);
      new Counter({
        name: "belfry_live_readers_dropped_total",
        help: "Event streams cut off because their reader was too slow",
        registers,
        collect() {
          this.reset();
          this.inc(read().dropped);
        },
      });
    },
  };
}

function watch(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** Makes each value once. The keys come from closed lists (kinds, reasons, operations), so it stays small. */
function createCache<A, T>(make: (key: string, argument: A) => T): (key: string, argument: A) => T {
  const made = new Map<string, T>();
  return (key, argument) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key, argument);
      made.set(key, value);
    }
    return value;
  };
}
