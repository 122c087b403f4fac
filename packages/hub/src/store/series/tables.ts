/**
 * The series core's port to its rows: what an engine must be able to do. All of the format is in the core; an engine
 * stores bytes under integers.
 *
 * **Every function of the core runs inside one transaction of the caller** and is given the tables of that
 * transaction: `append`, `deleteSource`, `deleteSamples`, `setRetention` and `maintain` in one that writes (on SQLite a
 * savepoint will do), the others in one that sees a single state of the database (SQLite: `BEGIN`; PostgreSQL:
 * `REPEATABLE READ READ ONLY`), because a read asks several times and a merge in between would hide what it moved. When
 * the transaction is rolled back nothing has to be told to the core: what it remembers is checked against the rows on
 * each append.
 *
 * Rows, by example (a host, raw samples, window of 2 h):
 *
 *     series_source  7  host:0191…  {"host":"web1"}
 *     series         7  slot 12  node_load1  {}
 *     series_batch   one per append, source and window: written at once, merged soon
 *     series_block   a piece of a window, or the whole sealed window; small ones hold their columns themselves
 *     series_group   columns of a few neighbouring slots of one large block
 */
import type { SourceKey } from "../../model/series.ts";

/** 0: samples; 1: buckets of 5 minutes; 2: buckets of 1 hour. */
export type Resolution = 0 | 1 | 2;

/**
 * How far a block has been merged: 1 a piece, 2 a piece of many pieces, 3 sealed: the only block of its window, unless
 * something came late. What has a lower level is newer; within a level the higher id is newer.
 */
export type BlockLevel = 1 | 2 | 3;

/**
 * A source. `slots` is how many slots were ever given to its series: the next series gets this number. `stamp` is
 * another number after each giving, so that who remembers slots knows whether they hold.
 */
export interface SourceRow {
  readonly id: number;
  readonly key: SourceKey;
  /** Labels as JSON, keys sorted. */
  readonly labels: string;
  readonly slots: number;
  readonly stamp: number;
}

/** A series: `labels` are its own, as JSON, keys sorted. */
export interface SeriesRow {
  readonly slot: number;
  readonly name: string;
  readonly labels: string;
}

/** A series with the source it belongs to. */
export interface OwnedSeriesRow extends SeriesRow {
  readonly source: SourceRow;
}

/** What one append wrote for one source in one window (start in epoch ms). */
export interface NewBatch {
  readonly sourceId: number;
  readonly windowStart: number;
  readonly samples: number;
  readonly data: Uint8Array;
}

export interface BatchRow {
  readonly id: number;
  readonly sourceId: number;
  readonly windowStart: number;
  readonly data: Uint8Array;
}

/** A block to be written. `head` begins every read; `groups` are read one by one, by their place in this list. */
export interface NewBlock {
  readonly sourceId: number;
  readonly resolution: Resolution;
  readonly windowStart: number;
  readonly level: BlockLevel;
  /** Samples, or buckets with at least one sample. */
  readonly samples: number;
  readonly head: Uint8Array;
  readonly groups: readonly Uint8Array[];
}

export interface BlockRow {
  readonly id: number;
  readonly sourceId: number;
  readonly windowStart: number;
  readonly level: BlockLevel;
  readonly head: Uint8Array;
}

/** A window of a source that has rows which are not sealed. `rows` counts those of `level`; 0 means batches. */
export interface OpenWindow {
  readonly sourceId: number;
  readonly resolution: Resolution;
  readonly windowStart: number;
  readonly level: 0 | 1 | 2;
  readonly rows: number;
}

/** Rows that make place for others, all at once. */
export interface Replacement {
  /** Exactly these are deleted; throws when one of them is not there any more. */
  readonly batches: readonly number[];
  readonly blocks: readonly number[];
  readonly inserts: readonly NewBlock[];
}

export interface TableTotals {
  readonly series: number;
  /** Samples in batches and in blocks of resolution 0. */
  readonly samples: number;
  /** Bytes of blobs. */
  readonly batchBytes: number;
  readonly chunkBytes: number;
  readonly rollupBytes: number;
  /** The whole database as its engine counts it: tables, indexes, free pages, write-ahead log. */
  readonly databaseBytes: number;
}

export interface Limits {
  /** Windows of resolution 0 that start before it were dropped to keep within the byte cap; samples there are refused. */
  readonly horizon: number;
  /** Another number whenever the retention of single sources was set; null: it never was. */
  readonly retentionStamp: number | null;
}

export interface SeriesTables {
  /** Sources that exist, in any order. With `forAppend` they cannot be deleted until the transaction ends. */
  sources(keys: readonly SourceKey[], forAppend: boolean): Promise<readonly SourceRow[]>;
  /** Makes the source unless another transaction made it meanwhile; gives back the one that is there. */
  createSource(key: SourceKey, labels: string): Promise<SourceRow>;
  setSourceLabels(id: number, labels: string): Promise<void>;
  /**
   * Locks the source until the transaction ends, so that no other transaction gives slots or merges its rows, and reads
   * it as it is then. Undefined when the source is gone; with `skip` also when another transaction holds the lock.
   */
  lockSource(id: number, mode: "wait" | "skip"): Promise<SourceRow | undefined>;
  seriesOf(sourceId: number): Promise<readonly SeriesRow[]>;
  /** Adds series and sets the source's `slots`; gives the new stamp. The source is locked. */
  addSeries(sourceId: number, rows: readonly SeriesRow[], slots: number): Promise<number>;
  /** The source with all its rows. */
  deleteSource(id: number): Promise<void>;
  /** Sources that have neither batches nor blocks, locked so that nobody appends to them until the transaction ends. */
  lockEmptySources(): Promise<readonly SourceRow[]>;
  /** Every metric name, sorted. */
  names(): Promise<readonly string[]>;
  /** All series of these names. */
  seriesNamed(names: readonly string[]): Promise<readonly OwnedSeriesRow[]>;
  /** The series of these names that some sources have, in any order. */
  seriesNamedIn(
    sourceIds: readonly number[],
    names: readonly string[],
  ): Promise<readonly (SeriesRow & { readonly sourceId: number })[]>;

  /** Which of the sources have this series, and at which slot. */
  findSeries(
    sourceIds: readonly number[],
    name: string,
    labels: string,
  ): Promise<readonly { readonly sourceId: number; readonly slot: number }[]>;

  insertBatches(rows: readonly NewBatch[]): Promise<void>;
  /** Batches of windows that start within the bounds (included): by source, by id. */
  batches(sourceIds: readonly number[], from: number, to: number): Promise<readonly BatchRow[]>;
  /** Blocks of windows that start within the bounds (included): by source, by window, what was written first first. */
  blocks(
    sourceIds: readonly number[],
    resolution: Resolution,
    from: number,
    to: number,
  ): Promise<readonly BlockRow[]>;
  /** Groups of blocks, in the order asked for. */
  groups(
    places: readonly { readonly blockId: number; readonly group: number }[],
  ): Promise<readonly Uint8Array[]>;
  /** Windows with batches or unsealed pieces: of some sources or of all. */
  openWindows(sourceIds: readonly number[] | null): Promise<readonly OpenWindow[]>;
  /** Starts of the windows of samples of a source from `from` (included) on, the newest first. */
  windowsFrom(sourceId: number, from: number): Promise<readonly number[]>;
  replace(replacement: Replacement): Promise<void>;

  /**
   * Drops blocks (and batches) of windows that start before `before`, of some sources or of all but some, at most
   * `limit` of each; says how many.
   */
  dropWindows(
    resolution: Resolution,
    before: number,
    limit: number,
    which: { readonly only: readonly number[] } | { readonly except: readonly number[] },
  ): Promise<number>;
  /** Deletes every block (and batch) of a source in windows that start within the bounds (included). */
  deleteWindows(sourceId: number, resolution: Resolution, from: number, to: number): Promise<void>;
  /** Start of the oldest window that has blocks. */
  oldestWindow(resolution: Resolution): Promise<number | undefined>;
  /** The same of each source, in the order asked for. */
  oldestWindowOf(
    resolution: Resolution,
    sourceIds: readonly number[],
  ): Promise<readonly (number | undefined)[]>;
  /** What appending has to know of retention; one cheap question. */
  limits(): Promise<Limits>;
  setRawHorizon(before: number): Promise<void>;
  /** The text that was set last; undefined when none was. */
  retentionText(): Promise<string | undefined>;
  /** Keeps the text under a new stamp. */
  setRetentionText(text: string): Promise<void>;
  totals(): Promise<TableTotals>;
}
