/** Events of runs, runs and jobs, counted. */
import type { ShownRunStatus } from "@belfry/contract";
import { runStates } from "@belfry/contract";
import { Counter, Gauge, type Registry } from "prom-client";

/** How many runs have each status, and how many jobs are late. */
export interface CountedJobs {
  readonly runs: Partial<Readonly<Record<ShownRunStatus, number>>>;
  readonly late: number;
}

export interface JobMetrics {
  /** Told of what became of events. */
  eventsCounted(result: "taken" | "duplicate" | "refused" | "unstored", events: number): void;
  /** Reads totals at a scrape, at most once in 15 s: they are counted anew each time. A failure leaves the former ones. */
  watchJobs(read: () => Promise<CountedJobs>, monotonicMs: () => number): void;
}

const readAgainMs = 15_000;

/** Adds the metrics. */
export function addJobMetrics(registry: Registry): JobMetrics {
  const registers = [registry];
  const events = new Counter({
    name: "belfry_job_events_total",
    help: "Events of runs: new (taken), known (duplicate), refused as unfit, and not taken because the store could not (unstored)",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["taken", "duplicate", "refused", "unstored"]) events.inc({ result }, 0);
  return {
    eventsCounted: (result, count) => events.inc({ result }, count),
    watchJobs(read, monotonicMs) {
      const look = createReader(read, monotonicMs);
      new Gauge({
        name: "belfry_runs",
        help: "Runs that are kept, by status",
        labelNames: ["status"],
        registers,
        async collect() {
          const counted = await look();
          if (counted === undefined) return;
          for (const status of runStates) this.set({ status }, counted.runs[status] ?? 0);
        },
      });
      new Gauge({
        name: "belfry_jobs_late",
        help: "Jobs of which no run began in time",
        registers,
        async collect() {
          const counted = await look();
          if (counted !== undefined) this.set(counted.late);
        },
      });
    },
  };
}

/** Reads at most once in a while; whoever asks meanwhile gets what was read. */
function createReader(
  read: () => Promise<CountedJobs>,
  monotonicMs: () => number,
): () => Promise<CountedJobs | undefined> {
  let latest: Promise<CountedJobs | undefined> = Promise.resolve(undefined);
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = monotonicMs();
    if (now - readMs < readAgainMs) return latest;
    readMs = now;
    const before = latest;
    latest = read().catch(() => before);
    return latest;
  };
}
