/** Series in Prometheus's data model: a metric name with labels; samples of a time (epoch ms) and a float64. */

/** `name` is the metric's name; labels exclude `__name__`. */
export interface SeriesKey {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What is sampled together and shares its timestamps: `monitor:<id>`, `host:<id>`, `import:<job>/<instance>`.
 * Deleting a source deletes its series.
 */
export type SourceKey = string;

/**
 * Labels that every series of a source carries, kept once with the source: `{monitor, kind, instance}`. They may change
 * (a monitor gets another URL) without breaking a series in two. Outside the store a series shows its own labels and
 * its source's (the series' own win); selectors match against both.
 */
export type SourceLabels = Readonly<Record<string, string>>;

/**
 * Samples of several series of one source at the same times. `series` holds the series' own labels only (`phase`).
 * The same array object is handed in again and again for the same series, so it can be known by identity; the same
 * holds for `sourceLabels`, whose newest value replaces the source's.
 * `values[s * times.length + t]` belongs to `series[s]` at `times[t]`; `present`, where given, has the same layout
 * and 0 where a series has no sample. Times are epoch ms, ascending, without repeats.
 */
export interface Frame {
  readonly source: SourceKey;
  readonly sourceLabels?: SourceLabels;
  readonly series: readonly SeriesKey[];
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly present?: Uint8Array;
}

/** One condition of a selector; `=~` and `!~` match the whole value (RE2). */
export interface Matcher {
  readonly label: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** A selector: every matcher must hold; `__name__` is the metric's name. */
export type Selector = readonly Matcher[];

/** Bounds are epoch ms, both included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Raw samples of one series, ascending. */
export interface SeriesSamples {
  readonly key: SeriesKey;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/**
 * Buckets of one series: bucket `i` starts at `starts[i]` (a multiple of the step) and aggregates the samples in
 * `[start, start + step)`. Buckets without samples are absent.
 */
export interface SeriesBuckets {
  readonly key: SeriesKey;
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly last: Float64Array;
}
