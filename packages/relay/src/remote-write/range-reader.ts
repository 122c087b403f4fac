/**
 * Reads what was sent to an engine back from it, by Prometheus's query API (`/api/v1/query_range`): buckets of series, for
 * times that are no longer kept here. Five queries a metric: the least, the greatest, the sum, the count and the last of
 * each bucket.
 */
import { readFileSync } from "node:fs";
import { createHttpClient, type HttpClient } from "../sinks/http/http-client.ts";
import { readJson, valueAt } from "../sinks/http/read-json.ts";
import type { RemoteWriteSettings } from "./settings.ts";
import { authorizationOf, readSecret } from "./writer.ts";

/** One condition; `__name__` is the metric's name. */
export interface RangeMatcher {
  readonly label: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** Which buckets: those that begin at multiples of `stepMs` in `[from, to]`, epoch ms. */
export interface RangeQuery {
  readonly matchers: readonly RangeMatcher[];
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

/** Buckets of a series, ascending; bucket `i` holds the samples of `[starts[i], starts[i] + stepMs)`. */
export interface ReadBuckets {
  readonly key: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly last: Float64Array;
}

export interface RangeReader extends Disposable {
  /** Names the engine in messages. */
  readonly name: string;
  /** Rejects with an `Error` whose message holds no secret when the engine does not answer as it should. */
  read(query: RangeQuery): Promise<readonly ReadBuckets[]>;
}

const columns = ["min", "max", "sum", "count", "last"] as const;
type Column = (typeof columns)[number];

/** Metrics of one selector; more are not asked for one by one. */
const mostNames = 20;

/** Makes a reader of an engine with an address to read from; undefined for one without. */
export function createRangeReader(settings: RemoteWriteSettings): RangeReader | undefined {
  const { readUrl, name } = settings;
  if (readUrl === null) return undefined;
  let client: HttpClient | undefined;
  const ended = new AbortController();

  async function ask(promql: string, { from, to, stepMs }: RangeQuery): Promise<unknown> {
    client ??= createHttpClient({
      timeoutMs: settings.timeoutMs,
      verifyTls: settings.verifyTls,
      ...(settings.caFile === null ? {} : { ca: readFileSync(settings.caFile, "utf8") }),
    });
    const secret = settings.auth.kind === "none" ? "" : readSecret(settings.auth.secret);
    // A range ends with the instant it is asked for and leaves out its beginning: 1 ms earlier it is our bucket.
    const first = Math.ceil(from / stepMs) * stepMs + stepMs - 1;
    const last = Math.floor(to / stepMs) * stepMs + stepMs - 1;
    const body = new URLSearchParams({
      query: promql,
      start: seconds(first),
      end: seconds(last),
      step: seconds(stepMs),
      // VictoriaMetrics moves bounds to multiples of the step otherwise.
      nocache: "1",
    });
    const outcome = await client.send(
      {
        method: "POST",
        url: `${readUrl}/api/v1/query_range`,
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...authorizationOf(settings, secret),
          ...settings.headers,
        },
        body: body.toString(),
      },
      ended.signal,
    );
    if (outcome.kind === "failed") throw new Error(`${name}: ${outcome.why}`);
    const answer = readJson(outcome.body);
    if (outcome.status !== 200 || valueAt(answer, "status") !== "success") {
      throw new Error(`${name} answered ${outcome.status} to a query`);
    }
    return valueAt(answer, "data", "result");
  }

  async function namesOf(query: RangeQuery): Promise<readonly string[]> {
    const exact = query.matchers.find((one) => one.label === "__name__" && one.operator === "=");
    if (exact !== undefined) return [exact.value];
    const found = await ask(`group by (__name__) (${overTime("last", query)})`, query);
    const names = seriesIn(found).flatMap(({ labels }) => labels["__name__"] ?? []);
    if (names.length > mostNames) {
      throw new Error(`${name}: the query means ${names.length} metrics, more than ${mostNames}`);
    }
    return [...new Set(names)];
  }

  async function readOne(metric: string, query: RangeQuery): Promise<readonly ReadBuckets[]> {
    const others = query.matchers.filter(({ label }) => label !== "__name__");
    const exact = { ...query, matchers: [nameIs(metric), ...others] };
    const answers = await Promise.all(
      columns.map(async (column) => seriesIn(await ask(overTime(column, exact), exact))),
    );
    return join(metric, answers, settings.externalLabels, query.stepMs);
  }

  return {
    name,
    async read(query) {
      const found: ReadBuckets[] = [];
      for (const metric of await namesOf(query)) found.push(...(await readOne(metric, query)));
      return found;
    },
    [Symbol.dispose]() {
      ended.abort();
      client?.[Symbol.dispose]();
    },
  };
}

function nameIs(value: string): RangeMatcher {
  return { label: "__name__", operator: "=", value };
}

function overTime(column: Column, { matchers, stepMs }: RangeQuery): string {
  const inside = matchers.map(
    ({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`,
  );
  return `${column}_over_time({${inside.join(",")}}[${stepMs}ms])`;
}

/** Seconds with their milliseconds, without an exponent. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

interface AnsweredSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch ms → value. */
  readonly points: ReadonlyMap<number, number>;
}

/** Series of a matrix, as far as they are what Prometheus answers. */
function seriesIn(result: unknown): readonly AnsweredSeries[] {
  if (!Array.isArray(result)) throw new Error("expected a matrix");
  return result.map((item: unknown) => {
    const labels: Record<string, string> = {};
    const metric = valueAt(item, "metric");
    if (typeof metric === "object" && metric !== null) {
      for (const [label, value] of Object.entries(metric)) {
        if (typeof value === "string") labels[label] = value;
      }
    }
    const values = valueAt(item, "values");
    const points = new Map<number, number>();
    for (const pair of Array.isArray(values) ? values : []) {
      const at = Number(valueAt(pair, 0));
      points.set(Math.round(at * 1000), numberOf(valueAt(pair, 1)));
    }
    return { labels, points };
  });
}

function numberOf(text: unknown): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

/** Columns of the same series put together; labels that were put on while sending are taken off. */
function join(
  name: string,
  answers: readonly (readonly AnsweredSeries[])[],
  externalLabels: Readonly<Record<string, string>>,
  stepMs: number,
): readonly ReadBuckets[] {
  const [counts = []] = [answers[columns.indexOf("count")]];
  const byKey = answers.map((all) => new Map(all.map((one) => [textOf(one.labels), one.points])));
  return counts.map((one) => {
    const key = textOf(one.labels);
    const times = [...one.points.keys()].toSorted((a, b) => a - b);
    const column = (which: Column): Float64Array => {
      const points = byKey[columns.indexOf(which)]?.get(key);
      return Float64Array.from(times, (at) => points?.get(at) ?? Number.NaN);
    };
    const labels = Object.entries(one.labels).filter(
      ([label, value]) => label !== "__name__" && externalLabels[label] !== value,
    );
    return {
      key: { name, labels: Object.fromEntries(labels) },
      starts: Float64Array.from(times, (at) => at + 1 - stepMs),
      min: column("min"),
      max: column("max"),
      sum: column("sum"),
      count: column("count"),
      last: column("last"),
    };
  });
}

function textOf(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels).filter(([label]) => label !== "__name__");
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
