/**
 * Sink `prometheus`: records as samples by remote_write 1.0, to a Prometheus that receives, VictoriaMetrics, Mimir, Thanos
 * or a hub. `record-samples.ts` has what becomes of each record; those without a figure (lines of a log) are `sent` without
 * a request.
 *
 * A request is taken or refused as a whole, so halves are tried until the record at fault stands alone. What is late is not
 * at fault: a strict receiver has a newer sample of the series, or this very one from an earlier delivery. Of a record that
 * stands alone such samples are left out and counted, and the others sent; it is no dead letter, since a replay could not
 * bring it in either.
 */
import { compress } from "snappyjs";
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { createHttpClient, type HttpOutcome } from "../http/http-client.ts";
import { probeHealth } from "../http/health.ts";
import { verdictOf, type HttpVerdict } from "../http/verdict.ts";
import { samplesOf, type RecordSample } from "./record-samples.ts";
import { createSeriesClock } from "./series-clock.ts";
import { seriesOf } from "./series-set.ts";
import {
  authorizationOf,
  parsePrometheusSettings,
  PrometheusSettingsSchema,
  type PrometheusSettings,
} from "./settings.ts";
import { encodeWriteRequest } from "./write-request.ts";

export const prometheusKind: EventSinkKind = {
  type: "prometheus",
  title: "Prometheus (remote write)",
  schema: PrometheusSettingsSchema,
  secrets: ["bearer_token", "password", "headers", "url"],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 500, maxBytes: 1024 * 1024 },
  parseSettings: parsePrometheusSettings,
  create: (settings, parts) => createPrometheusSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): PrometheusSettings {
  return settings as PrometheusSettings;
}

/** `late`: the receiver has a sample of the series that is as new or newer. */
type WriteVerdict = HttpVerdict | { readonly kind: "late"; readonly why: string };

interface Item {
  readonly samples: readonly RecordSample[];
}

type Write = (samples: readonly RecordSample[], signal: AbortSignal) => Promise<WriteVerdict>;

/** A sample further ahead of the clock would make a receiver refuse everything that comes after it, ms. */
const mostAheadMs = 10 * 60_000;

function createPrometheusSink(settings: PrometheusSettings, parts: EventSinkParts): EventSink {
  const { url, timeout, verify_ssl: verifyTls, ca, prefix, labels } = settings;
  const { clock, log } = parts;
  const client = createHttpClient({
    timeoutMs: timeout * 1000,
    verifyTls,
    ...(ca === undefined ? {} : { ca }),
  });
  const secrets = secretsOf(settings);
  const headers = {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
    ...authorizationOf(settings),
    ...settings.headers,
  };
  const series = createSeriesClock();
  let late = 0;

  async function post(
    samples: readonly RecordSample[],
    signal: AbortSignal,
  ): Promise<WriteVerdict> {
    const body = compress(encodeWriteRequest(seriesOf(samples)));
    const outcome = await client.send({ method: "POST", url, headers, body }, signal);
    return judge(outcome, { now: clock.now(), secrets });
  }

  const write: Write = async (samples, signal) => {
    const fresh = samples.filter((sample) => !series.isBehind(sample, clock.monotonicMs()));
    if (fresh.length === 0) {
      late += samples.length;
      return { kind: "sent" };
    }
    const verdict = await post(fresh, signal);
    if (verdict.kind === "sent") {
      series.taken(fresh);
      late += samples.length - fresh.length;
    }
    if (verdict.kind === "late" && samples.length === 1) {
      late += 1;
      if (!isDuplicate.test(verdict.why) && series.refusedLate(clock.monotonicMs())) {
        log.warn(
          { why: verdict.why },
          "the receiver takes no samples out of order; those that come late are left out",
        );
      }
    }
    return verdict;
  };

  return {
    async deliver(records, signal) {
      const now = clock.now();
      const read = records.map((record) => readRecord(record, now));
      const items = read.filter((one) => "samples" in one && one.samples.length > 0) as Item[];
      const answers = await deliverItems(items, write, signal);
      const byItem = new Map(items.map((item, i) => [item, answers[i]]));
      return read.map((one) => ("samples" in one ? (byItem.get(one) ?? { kind: "sent" }) : one));
    },
    async health(signal) {
      // An empty request: it shows whether one may write, and writes nothing.
      const body = compress(encodeWriteRequest([]));
      const request = { method: "POST", url, headers, body };
      const { status, details } = await probeHealth(client, request, { signal, secrets });
      return { status, details: { ...details, samples_left_out: late } };
    },
    [Symbol.asyncDispose]: () => {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };

  function readRecord(record: SinkRecord, now: number): Item | RecordDelivery {
    const samples = samplesOf(record, { prefix, labels });
    if (samples === undefined) return { kind: "refused", why: "its time cannot be read" };
    const aheadMs = Math.max(0, ...samples.map(({ timeMs }) => timeMs - now));
    if (aheadMs <= mostAheadMs) return { samples };
    const why = `its time is ${Math.round(aheadMs / 1000)} s ahead, the limit is ${mostAheadMs / 1000}`;
    return { kind: "refused", why };
  }
}

/** One delivery for each item, in order. After something that is worth waiting for, the rest is not tried. */
async function deliverItems(
  items: readonly Item[],
  write: Write,
  signal: AbortSignal,
): Promise<readonly RecordDelivery[]> {
  const [first] = items;
  if (first === undefined) return [];
  const verdict = await write(
    items.flatMap(({ samples }) => samples),
    signal,
  );
  if (verdict.kind === "sent" || verdict.kind === "retry" || verdict.kind === "misconfigured") {
    return items.map(() => verdict);
  }
  if (items.length === 1) return [await deliverSingle(first, verdict, write, signal)];
  const middle = Math.ceil(items.length / 2);
  // Older ones first: once newer ones are taken, they are late.
  const older = await deliverItems(items.slice(0, middle), write, signal);
  const rest = items.slice(middle);
  const stop = older.find(({ kind }) => kind === "retry" || kind === "misconfigured");
  if (stop !== undefined) return [...older, ...rest.map(() => stop)];
  return [...older, ...(await deliverItems(rest, write, signal))];
}

/** Of a record that was late, what is not late is sent sample by sample. */
async function deliverSingle(
  { samples }: Item,
  verdict: WriteVerdict,
  write: Write,
  signal: AbortSignal,
): Promise<RecordDelivery> {
  if (verdict.kind !== "late") return refusedBy(verdict);
  if (samples.length === 1) return { kind: "sent" };
  for (const sample of samples) {
    const own = await write([sample], signal);
    if (own.kind !== "sent" && own.kind !== "late") return refusedBy(own);
  }
  return { kind: "sent" };
}

function refusedBy(verdict: WriteVerdict): RecordDelivery {
  if (verdict.kind === "sent" || verdict.kind === "retry" || verdict.kind === "misconfigured") {
    return verdict;
  }
  return { kind: "refused", why: verdict.why };
}

/**
 * How receivers say it: Prometheus with 400 and "out of order sample" or "duplicate sample for timestamp", Thanos with 409,
 * Mimir with err-mimir-sample-out-of-order and err-mimir-sample-duplicate-timestamp.
 */
const isLate = /out.of.order|duplicate.(sample|timestamp)/i;
const isDuplicate = /duplicate/i;
/** Prometheus from 2.39 to 2.53 says it with 500, where it takes samples out of order within a window. */
const isTooOld = /too old sample|out of bounds/i;

function judge(
  outcome: HttpOutcome,
  context: { readonly now: number; readonly secrets: readonly string[] },
): WriteVerdict {
  const verdict = verdictOf(outcome, context);
  if (outcome.kind === "failed" || verdict.kind === "sent") return verdict;
  const why = "why" in verdict ? verdict.why : "";
  const isOfSamples = outcome.status === 400 || outcome.status === 409 || outcome.status === 422;
  if (isOfSamples && isLate.test(outcome.body)) return { kind: "late", why };
  if (outcome.status === 500 && isTooOld.test(outcome.body)) return { kind: "invalid", why };
  return verdict;
}

/** What is never shown: keys, headers, and of the address its password and query. */
function secretsOf({
  bearer_token: token = "",
  password = "",
  headers,
  url,
}: PrometheusSettings): readonly string[] {
  const { password: inUrl, searchParams } = new URL(url);
  return [
    token,
    password,
    ...Object.values(headers),
    // As it stands in the address, and as it is sent.
    inUrl,
    inUrl.replaceAll(/%[0-9a-f]{2}/gi, (code) =>
      String.fromCharCode(Number.parseInt(code.slice(1), 16)),
    ),
    ...searchParams.values(),
  ];
}
