/** `/api/v1/series`, `/api/v1/series/range` and `/api/v1/import/prometheus`. */
import {
  ImportResultSchema,
  SeriesListSchema,
  SeriesRangeSchema,
  type ImportResult,
  type SeriesListView,
  type SeriesRangeView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import type { Selector, SeriesBuckets, SeriesSamples } from "../model/series.ts";
import { readInPieces } from "./import-pieces.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute } from "./route.ts";
import { parseSelector } from "./selector.ts";
import type { ApiSettings } from "./settings.ts";
import { invalidAt, readTime } from "./times.ts";

/** Points of one series in one answer, as in Prometheus. */
const mostPoints = 11_000;
/** Raw samples in one answer, over all series. */
const mostRawSamples = 1_000_000;
const longestRawMs = 31 * 86_400_000;

const match = Type.String({
  maxLength: 4096,
  description: 'A selector: `probe_success{kind="http"}`',
});

/** Registers the routes. */
export function addSeriesRoutes(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/series",
    permission: "read",
    tag: "series",
    summary: "Series that match a selector",
    query: Type.Object(
      { match, limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 }) },
      { additionalProperties: false },
    ),
    answers: { 200: { description: "Sorted by name and labels", schema: SeriesListSchema } },
    async handle({ query }): Promise<SeriesListView> {
      const found = await parts.store.listSeries(readSelector(query.match), query.limit + 1);
      const items = found
        .slice(0, query.limit)
        .map(({ name, labels }) => ({ name, labels: { ...labels } }));
      return { items, truncated: found.length > query.limit };
    },
  });
  addRange(app, parts);
}

const rangeQuery = Type.Object(
  {
    match,
    start: Type.String({ description: "RFC 3339 or Unix seconds" }),
    end: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds; default now" })),
    step: Type.Optional(
      Type.Number({ minimum: 1, maximum: 31_536_000, description: "Seconds of a bucket" }),
    ),
    raw: Type.Optional(Type.Boolean({ description: "true: the samples themselves, no `step`" })),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "Series" }),
  },
  { additionalProperties: false },
);

function addRange(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/series/range",
    permission: "read",
    tag: "series",
    summary: "Samples or buckets of series, as columns",
    description:
      "Give `step` for buckets or `raw=true` for the samples. NaN and infinities are text.",
    query: rangeQuery,
    answers: { 200: { description: "Columns of equal length", schema: SeriesRangeSchema } },
    async handle({ query }): Promise<SeriesRangeView> {
      const selector = readSelector(query.match);
      const from = readTime(query.start, "start");
      const to = query.end === undefined ? parts.clock.now() : readTime(query.end, "end");
      if (from > to) throw invalidAt("start", "is after `end`");
      const frame = { from_ms: from, to_ms: to };
      if (query.raw === true) {
        if (query.step !== undefined) throw invalidAt("step", "is not for raw samples");
        if (to - from > longestRawMs) throw invalidAt("start", "raw samples: at most 31 days");
        const series = await parts.store.raw(selector, { from, to }, query.limit);
        checkSamples(series);
        return { ...frame, step_seconds: null, items: series.map(rawColumns) };
      }
      if (query.step === undefined) throw invalidAt("step", "is required, or `raw=true`");
      const stepMs = Math.round(query.step * 1000);
      if ((to - from) / stepMs > mostPoints) {
        throw invalidAt("step", `gives more than ${mostPoints} points; ask for a longer step`);
      }
      const series = await parts.store.buckets(selector, { from, to }, stepMs, query.limit);
      return { ...frame, step_seconds: stepMs / 1000, items: series.map(bucketColumns) };
    },
  });
}

function checkSamples(series: readonly SeriesSamples[]): void {
  const samples = series.reduce((sum, { times }) => sum + times.length, 0);
  if (samples > mostRawSamples) {
    throw invalidAt("match", `gives ${samples} samples, more than ${mostRawSamples}; ask for less`);
  }
}

function readSelector(text: string): Selector {
  const parsed = parseSelector(text);
  if (parsed.kind === "ok") return parsed.value;
  throw new AppError("invalid", "The query does not fit", { problems: parsed.problems });
}

type Items = SeriesRangeView["items"];

function rawColumns({ key, times, values }: SeriesSamples): Items[number] {
  return {
    name: key.name,
    labels: { ...key.labels },
    times_ms: [...times],
    values: columnOf(values),
  };
}

function bucketColumns(series: SeriesBuckets): Items[number] {
  return {
    name: series.key.name,
    labels: { ...series.key.labels },
    starts_ms: [...series.starts],
    min: columnOf(series.min),
    max: columnOf(series.max),
    sum: columnOf(series.sum),
    count: columnOf(series.count),
    last: columnOf(series.last),
  };
}

type Float = number | "NaN" | "+Inf" | "-Inf";

/** Floats as JSON has them; those it has not become text. */
function columnOf(values: Float64Array): Float[] {
  return Array.from(values, (value): Float => {
    if (Number.isFinite(value)) return value;
    return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  });
}

const reportedLines = 100;

/** Registers the import, in a scope of its own: it takes text of any content type, as the clients of others send it. */
export function addImportRoute(app: FastifyInstance, settings: ApiSettings, parts: ApiParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  addRoute(app, {
    method: "POST",
    path: "/api/v1/import/prometheus",
    permission: "ingest",
    tag: "series",
    summary: "Import samples in Prometheus's text format",
    description:
      "Lines with optional timestamps in ms. Bad lines are reported by number and the good ones kept; when every line " +
      "is bad the answer is 422. Sending the same samples again changes nothing. Answered once they are synced to disk.",
    body: Type.String(),
    consumes: ["text/plain"],
    bodyLimit: settings.importLimitBytes,
    answers: {
      200: { description: "What was stored", schema: ImportResultSchema },
    },
    errors: ["invalid", "unsupported_media_type"],
    async handle({ body, request }): Promise<ImportResult> {
      const encoding = request.headers["content-encoding"] ?? "identity";
      if (encoding !== "identity") {
        throw new AppError(
          "unsupported_media_type",
          `The content encoding ${encoding} is not read`,
        );
      }
      const { frames, bad } = await readInPieces(body, parts.clock.now(), parts.parseImport);
      if (frames.length === 0 && bad.length > 0) {
        throw new AppError("invalid", "No line could be read", {
          problems: bad
            .slice(0, reportedLines)
            .map(({ line, message }) => ({ path: `line ${line}`, message })),
        });
      }
      const { accepted, refused } =
        frames.length === 0 ? { accepted: 0, refused: 0 } : await parts.store.append(frames);
      const errors = bad.slice(0, reportedLines).map(({ line, message }) => ({ line, message }));
      return { accepted, refused, bad_lines: bad.length, errors };
    },
  });
}
