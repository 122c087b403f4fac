/** Wire shapes of `/api/v1/series`, `/api/v1/series/range` and `/api/v1/import/prometheus`. */
import { Type, type Static } from "typebox";

/** A float64 as JSON: a number, or text where JSON has none. */
export const FloatSchema = Type.Union([
  Type.Number(),
  Type.Literal("NaN"),
  Type.Literal("+Inf"),
  Type.Literal("-Inf"),
]);

const seriesKey = {
  name: Type.String({ description: "The metric's name" }),
  labels: Type.Record(Type.String(), Type.String()),
};

/** `GET /api/v1/series?match=<selector>`. */
export const SeriesListSchema = Type.Object({
  items: Type.Array(Type.Object(seriesKey)),
  truncated: Type.Boolean({ description: "true: more series match than `limit`" }),
});
export type SeriesListView = Static<typeof SeriesListSchema>;

const times = Type.Array(Type.Integer(), { description: "Epoch milliseconds, ascending" });
const column = Type.Array(FloatSchema);

/** One series of `GET /api/v1/series/range?raw=true`: columns of equal length. */
export const RawSeriesSchema = Type.Object({ ...seriesKey, times_ms: times, values: column });

/** One series of `GET /api/v1/series/range?step=…`: a bucket covers `[starts_ms, starts_ms + step)`. */
export const BucketSeriesSchema = Type.Object({
  ...seriesKey,
  starts_ms: times,
  min: column,
  max: column,
  sum: column,
  count: column,
  last: column,
});

/** `GET /api/v1/series/range`. */
export const SeriesRangeSchema = Type.Object({
  from_ms: Type.Integer(),
  to_ms: Type.Integer(),
  step_seconds: Type.Union([Type.Number(), Type.Null()], { description: "null: raw samples" }),
  items: Type.Array(Type.Union([BucketSeriesSchema, RawSeriesSchema])),
});
export type SeriesRangeView = Static<typeof SeriesRangeSchema>;

/** `POST /api/v1/import/prometheus`. */
export const ImportResultSchema = Type.Object({
  accepted: Type.Integer({ description: "Samples stored" }),
  refused: Type.Integer({
    description: "Samples older than the raw retention or more than a day ahead",
  }),
  bad_lines: Type.Integer(),
  errors: Type.Array(Type.Object({ line: Type.Integer({ minimum: 1 }), message: Type.String() }), {
    description: "The first hundred bad lines",
  }),
});
export type ImportResult = Static<typeof ImportResultSchema>;
