/**
 * What the series core does for the store: `createSeriesCore(settings)` in `core.ts` makes one for each thread. Each
 * function works on the tables of the transaction it is called in; see `tables.ts` for what that transaction must be.
 */
import type {
  Frame,
  Selector,
  SeriesBuckets,
  SeriesKey,
  SeriesSamples,
  SourceKey,
  TimeRange,
} from "../../model/series.ts";
import type { MaintenanceReport, SeriesStats, StoreSettings } from "../port.ts";
import type { SeriesTables } from "./tables.ts";

export interface SeriesCoreSettings {
  readonly retention: StoreSettings["retention"];
  /** Epoch ms: what appended samples are held against. */
  readonly now: () => number;
  /** For durations, in ms; the machine's own clock when it is left out. */
  readonly monotonicMs?: () => number;
}

/** The newest sample of a series; `at` is epoch ms. */
export interface LatestSample {
  readonly key: SeriesKey;
  readonly at: number;
  readonly value: number;
}

/** `SeriesStore` and `SourceSeriesStore` of `store/port.ts`, on the tables of a transaction. */
export interface SeriesCore {
  append(
    tables: SeriesTables,
    frames: readonly Frame[],
  ): Promise<{ readonly accepted: number; readonly refused: number }>;
  listSeries(tables: SeriesTables, match: Selector, limit: number): Promise<readonly SeriesKey[]>;
  raw(
    tables: SeriesTables,
    match: Selector,
    range: TimeRange,
    limit: number,
  ): Promise<readonly SeriesSamples[]>;
  buckets(
    tables: SeriesTables,
    match: Selector,
    range: TimeRange,
    stepMs: number,
    limit: number,
  ): Promise<readonly SeriesBuckets[]>;
  bucketsOf(
    tables: SeriesTables,
    sources: readonly SourceKey[],
    key: SeriesKey,
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly (SeriesBuckets | undefined)[]>;
  rawOf(
    tables: SeriesTables,
    source: SourceKey,
    keys: readonly SeriesKey[],
    range: TimeRange,
  ): Promise<readonly (SeriesSamples | undefined)[]>;
  deleteSource(tables: SeriesTables, source: SourceKey): Promise<void>;
  /** Deletes the samples of one shard, in a transaction of its own; true when there is another one to go on with. */
  deleteSamples(
    tables: SeriesTables,
    source: SourceKey,
    range: TimeRange,
    shard: number,
  ): Promise<boolean>;
  countSamples(
    tables: SeriesTables,
    source: SourceKey,
    key: SeriesKey,
    range: TimeRange,
  ): Promise<number>;
  bucketsOfNames(
    tables: SeriesTables,
    source: SourceKey,
    names: readonly string[],
    range: TimeRange,
    stepMs: number,
  ): Promise<readonly SeriesBuckets[]>;
  latestOf(
    tables: SeriesTables,
    source: SourceKey,
    names: readonly string[],
    since: number,
  ): Promise<readonly LatestSample[]>;
  setRetention(tables: SeriesTables, sources: ReadonlyMap<SourceKey, number>): Promise<void>;
  /**
   * One slice of maintenance, in a transaction of its own: seals what is due and applies retention until `budgetMs` are
   * spent (a single window is always finished: about 0.2 s for 2 h of 300 series at 1 s). Call it again while `more`
   * is true, letting other writes go between.
   */
  maintain(tables: SeriesTables, now: number, budgetMs: number): Promise<MaintenanceSlice>;
  stats(tables: SeriesTables): Promise<SeriesStats>;
}

export interface MaintenanceSlice extends MaintenanceReport {
  readonly more: boolean;
}
