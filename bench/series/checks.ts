/**
 * Checks of HTTPS targets as the `http` kind measures them, every 60 s: 15 series, of which seven move. The phases are
 * drawn from log-normal distributions around what a target near by needs, in whole microseconds as the probe rounds them.
 */
import type { Frame, SeriesKey } from "../../packages/hub/src/model/series.ts";
import { parseMetricKey } from "../../packages/hub/src/model/monitor-series.ts";

const phases = ["resolve", "connect", "tls", "processing", "transfer"] as const;
/** Typical seconds of each phase, and the standard deviation of its logarithm. */
const typical = {
  resolve: 0.0012,
  connect: 0.009,
  tls: 0.021,
  processing: 0.034,
  transfer: 0.0016,
};
const spread = { resolve: 0.35, connect: 0.12, tls: 0.1, processing: 0.3, transfer: 0.4 };

const series: readonly SeriesKey[] = [
  "probe_success",
  "probe_duration_seconds",
  ...phases.map((phase) => `probe_http_duration_seconds{phase="${phase}"}`),
  "probe_dns_lookup_time_seconds",
  "probe_http_status_code",
  "probe_http_content_length",
  "probe_http_redirects",
  "probe_http_ssl",
  "probe_http_version",
  "probe_ip_protocol",
  "probe_ssl_earliest_cert_expiry",
].map(parseMetricKey);

export const seriesPerMonitor = series.length;

/** Makes the checks of one monitor; `random` gives 0 to 1. */
export function createChecks(source: string, random: () => number): (at: number) => Frame {
  const slowness = 0.5 + random() * 3;
  const length = Math.floor(random() * 90_000);
  const sourceLabels = { monitor: source.slice(8), kind: "http", instance: `https://${source}/` };
  return (at) => {
    const seconds = phases.map((phase) =>
      micro(typical[phase] * slowness * Math.exp(spread[phase] * normal(random))),
    );
    const total = micro(seconds.reduce((sum, one) => sum + one, 0.0004));
    const values = [
      1,
      total,
      ...seconds,
      seconds[0] ?? 0,
      200,
      length,
      0,
      1,
      1.1,
      4,
      1_798_761_600,
    ];
    return {
      source,
      sourceLabels,
      series,
      times: Float64Array.of(at + Math.floor(random() * 4)),
      values: Float64Array.from(values),
    };
  };
}

function micro(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** Standard normal (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Mulberry32: the same numbers in every run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
