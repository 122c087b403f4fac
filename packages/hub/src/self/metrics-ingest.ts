/** What hosts send, counted. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** One batch or post that was taken in. */
export interface CountedSamples {
  readonly from: "agent" | "post";
  readonly accepted: number;
  readonly refused: number;
  readonly seriesRefused: number;
  /** Age of the newest sample when it was sent, in seconds. */
  readonly ageSeconds: number;
}

export interface IngestMetrics {
  /** Told of every batch or post that was stored. */
  samplesTaken(samples: CountedSamples): void;
  /** Reads how many lists of series are kept, at each scrape. */
  watchSeriesLists(read: () => number): void;
}

const ageBuckets = [1, 5, 15, 60, 300, 3_600, 21_600, 86_400];

/** Adds the metrics. */
export function addIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const labelNames = ["from"];
  const batches = new Counter({
    name: "belfry_ingest_batches_total",
    help: "Batches of agents and posts of the Monitoring Stack's clients that were stored",
    labelNames,
    registers,
  });
  const samples = new Counter({
    name: "belfry_ingest_samples_total",
    help: "Samples of hosts: stored, and refused because they were too old or too far ahead",
    labelNames: ["result"],
    registers,
  });
  const series = new Counter({
    name: "belfry_ingest_series_refused_total",
    help: "Series left out of batches because their host has too many",
    registers,
  });
  const age = new Histogram({
    name: "belfry_ingest_age_seconds",
    help: "Age of the newest sample of a batch or post when it was sent",
    labelNames,
    buckets: ageBuckets,
    registers,
  });
  const children = {
    agent: { batches: batches.labels({ from: "agent" }), age: age.labels({ from: "agent" }) },
    post: { batches: batches.labels({ from: "post" }), age: age.labels({ from: "post" }) },
  };
  const accepted = samples.labels({ result: "accepted" });
  const refused = samples.labels({ result: "refused" });
  for (const child of [accepted, refused, children.agent.batches, children.post.batches]) {
    child.inc(0);
  }
  return {
    samplesTaken(taken) {
      const child = children[taken.from];
      child.batches.inc();
      child.age.observe(taken.ageSeconds);
      accepted.inc(taken.accepted);
      refused.inc(taken.refused);
      series.inc(taken.seriesRefused);
    },
    watchSeriesLists(read) {
      new Gauge({
        name: "belfry_ingest_series_lists",
        help: "Different lists of series that are kept for hosts",
        registers,
        collect() {
          this.set(read());
        },
      });
    },
  };
}
