/** How long the runs of all jobs took lately, asked for all at once: a line for each job. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { JobView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { bucketFor } from "../../chart/resolution.ts";
import { linesOf } from "../../chart/timeline.ts";

export interface Trends extends Disposable {
  /** Seconds of runs, or means of some, oldest first; by `trendKey`. */
  readonly lines: ReadonlySignal<ReadonlyMap<string, readonly number[]>>;
  refresh(): void;
}

/** Some jobs run every minute, others every day: of these spans, in ms, each is drawn over the one that says most. */
const spans = [14 * 86_400_000, 86_400_000, 3_600_000] as const;
/** Of a line, in px. */
const width = 112;

/** The key of a job's line. */
export function trendKey(job: Pick<JobView, "name" | "app" | "site">): string {
  return JSON.stringify([job.name, job.app, job.site]);
}

/** Makes the keeper. `now` is epoch ms. */
export function createTrends(client: Pick<Client, "series">, now: () => number): Trends {
  const lines: Signal<ReadonlyMap<string, readonly number[]>> = signal(new Map());
  let request = new AbortController();

  async function load(): Promise<void> {
    request.abort();
    request = new AbortController();
    const { signal: aborted } = request;
    const to = now();
    const replies = await Promise.all(
      spans.map((length) => {
        const span = { from: to - length, to };
        return client.series(durations, span, bucketFor(span, 1, width), aborted);
      }),
    );
    if (aborted.aborted) return;
    const found = new Map<string, readonly number[]>();
    for (const reply of replies) {
      if (reply.kind === "failed") return;
      for (const { key, values } of linesOf(reply.value, keyOf)) {
        const known = values.filter((value) => value !== null);
        if (known.length > (found.get(key)?.length ?? 0)) found.set(key, known);
      }
    }
    lines.value = found;
  }

  return {
    lines,
    refresh: () => void load(),
    [Symbol.dispose]: () => request.abort(),
  };
}

const durations = "belfry_run_duration_seconds";

function keyOf({ job = "", app = "", site = "" }: Readonly<Record<string, string>>): string {
  return trendKey({ name: job, app, site });
}
