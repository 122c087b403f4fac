/**
 * What several processes stored of series lately, for whoever looks at all of it: batches in the order of their ids. An
 * id is given when a row is written and seen when its transaction ends, so an id that is missing may come later.
 */
import type { SeriesKey, SourceKey } from "./series.ts";

/** Ids of the newest batch and the newest block that were seen. */
export interface TailPlaces {
  readonly batch: number;
  readonly block: number;
}

export interface TailQuestion {
  /** null: from now on, and a little of what was before. */
  readonly after: TailPlaces | null;
  /** Ids up to `after` that were missing and may be there by now. */
  readonly missing: { readonly batches: readonly number[]; readonly blocks: readonly number[] };
  /** Sources that are wanted, by what their keys begin with: `host`. Of others there are only ids. */
  readonly kinds: readonly string[];
}

/**
 * Batches one after another: batch `i` is of the source `sourceIds[i]` and has `sizes[2 * i]` times and `sizes[2 * i + 1]`
 * slots; `values` holds slot by slot what each time brought, NaN where a slot has nothing.
 */
export interface TailRows {
  readonly sourceIds: Float64Array;
  readonly sizes: Uint32Array;
  readonly times: Float64Array;
  readonly slots: Uint32Array;
  readonly values: Float64Array;
}

export interface SeriesTail {
  readonly newest: TailPlaces;
  /** Ids that were seen now, those of sources that are not wanted too. */
  readonly batches: Float64Array;
  readonly blocks: Float64Array;
  readonly rows: TailRows;
  /** Sources whose batches were merged up to a time (epoch ms), maybe before they were seen. */
  readonly merged: readonly { readonly sourceId: number; readonly to: number }[];
  /** There is more already. */
  readonly hasMore: boolean;
}

/** A source by its id; `slots` is how many its series have at present. */
export interface TailSource {
  readonly id: number;
  readonly source: SourceKey;
  readonly slots: number;
  readonly series: readonly { readonly slot: number; readonly key: SeriesKey }[];
}

/** Reads what was stored lately. */
export interface SeriesTailStore {
  /** Only on PostgreSQL; rejects with `internal` on SQLite, which belongs to one process. */
  seriesTail(question: TailQuestion): Promise<SeriesTail>;
  /** Those of the sources that exist, with those of their series that have one of these names; own labels only. */
  tailSources(ids: readonly number[], names: readonly string[]): Promise<readonly TailSource[]>;
}
