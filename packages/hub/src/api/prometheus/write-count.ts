/** What became of remote_write: counted for `/metrics`, and said in the log where something was not kept. */
import { Counter } from "prom-client";
import type { ApiParts, RemoteWriteSummary } from "../parts.ts";

/** Notes one request. `outOfRange`: samples the store refused for their time. */
export type WriteCount = (summary: RemoteWriteSummary, outOfRange: number) => void;

/** At most one line in so many ms: a sender repeats itself every few seconds. */
const logEveryMs = 60_000;

/** Makes the count. */
export function createWriteCount({
  registry,
  log,
  clock,
}: Pick<ApiParts, "registry" | "log" | "clock">): WriteCount {
  const registers = [registry];
  const samples = new Counter({
    name: "belfry_remote_write_samples_total",
    help: "Samples that came by remote_write, by what became of them.",
    labelNames: ["result"],
    registers,
  });
  const series = new Counter({
    name: "belfry_remote_write_refused_series_total",
    help: "Series in requests of remote_write that cannot be kept, by what is wrong with them.",
    labelNames: ["fault"],
    registers,
  });
  const passedOver = new Counter({
    name: "belfry_remote_write_passed_over_total",
    help: "What came by remote_write beside samples and is not kept.",
    labelNames: ["kind"],
    registers,
  });
  let quietUntilMs = Number.NEGATIVE_INFINITY;

  function say(summary: RemoteWriteSummary, outOfRange: number): void {
    if (summary.refusedSeries.size === 0 && outOfRange + summary.badTimes === 0) return;
    if (clock.monotonicMs() < quietUntilMs) return;
    quietUntilMs = clock.monotonicMs() + logEveryMs;
    const refusedSeries = Object.fromEntries(summary.refusedSeries);
    const fields = { refusedSeries, samplesOutOfRange: outOfRange + summary.badTimes };
    log.warn(fields, "remote_write: a part of a request was not kept");
  }

  return (summary, outOfRange) => {
    samples.inc({ result: "stored" }, summary.samples - outOfRange);
    samples.inc({ result: "out_of_range" }, outOfRange + summary.badTimes);
    samples.inc({ result: "stale_marker" }, summary.staleMarkers);
    samples.inc({ result: "of_refused_series" }, summary.refusedSamples);
    for (const [fault, count] of summary.refusedSeries) series.inc({ fault }, count);
    passedOver.inc({ kind: "metadata" }, summary.metadata);
    passedOver.inc({ kind: "exemplar" }, summary.exemplars);
    passedOver.inc({ kind: "histogram" }, summary.histograms);
    say(summary, outOfRange);
  };
}
