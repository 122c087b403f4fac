/** How long the runs of all jobs took lately, asked for at once: a line for each job. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { JobView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { bucketFor } from "../../chart/resolution.ts";
import { linesOf } from "../../chart/timeline.ts";

export interface Trends extends Disposable {
  /** Seconds of runs, or means of some, oldest first; by `trendKey`. */
  readonly lines: ReadonlySignal<ReadonlyMap<string, readonly number[]>>;
  /** Fetches anew what there is since the first of the jobs was made. */
  refresh(jobs: readonly JobView[]): void;
}

const longestMs = 14 * 86_400_000;
const shortestMs = 10 * 60_000;
/** Of a line, in px. */
const width = 80;

/** The key of a job's line. */
export function trendKey(job: Pick<JobView, "name" | "app" | "site">): string {
  return JSON.stringify([job.name, job.app, job.site]);
}

/** Makes the keeper. `now` is epoch ms. */
export function createTrends(client: Pick<Client, "series">, now: () => number): Trends {
  const lines: Signal<ReadonlyMap<string, readonly number[]>> = signal(new Map());
  let request = new AbortController();

  async function load(jobs: readonly JobView[]): Promise<void> {
    request.abort();
    request = new AbortController();
    const { signal: aborted } = request;
    const to = now();
    const first = jobs.reduce((least, job) => Math.min(least, Date.parse(job.created_at)), to);
    const span = { from: to - Math.min(longestMs, Math.max(shortestMs, to - first)), to };
    const step = bucketFor(span, 1, width);
    const reply = await client.series("belfry_run_duration_seconds", span, step, aborted);
    if (aborted.aborted || reply.kind === "failed") return;
    const found = linesOf(reply.value, ({ job = "", app = "", site = "" }) =>
      trendKey({ name: job, app, site }),
    );
    lines.value = new Map(
      found.map(({ key, values }) => [key, values.filter((value) => value !== null)]),
    );
  }

  return {
    lines,
    refresh: (jobs) => void load(jobs),
    [Symbol.dispose]: () => request.abort(),
  };
}
