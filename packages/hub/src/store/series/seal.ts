/**
 * Merging the rows of one window of one source. Everything here happens under the source's lock and in one
 * transaction: rows are read, merged and replaced by exactly those that were read, by their ids. What another hub
 * appends meanwhile stays a batch of its own, and is newer.
 */
import { BlockWriter } from "./codec/block.ts";
import { ColumnScratch } from "./codec/column.ts";
import { zstdLevels } from "./codec/wrap.ts";
import { Merge } from "./merge.ts";
import type { Kept } from "./retention.ts";
import { RollupWriter } from "./rollup.ts";
import { batchSegments, BlockSegment, loadGroups, type Segment } from "./segment.ts";
import type { BlockLevel, NewBlock, Resolution, SeriesTables } from "./tables.ts";
import { bucketMs, fieldsOf, windowOf } from "./window.ts";

/** One thing to do. `gather` merges the rows of a level into one of the next; `seal` merges all there is. */
export interface MergeJob {
  readonly kind: "gather" | "seal";
  readonly sourceId: number;
  readonly resolution: Resolution;
  readonly windowStart: number;
  /** What is gathered: 0 batches, 1 pieces, 2 pieces of pieces. Unused when sealing. */
  readonly level: 0 | 1 | 2;
}

/** Does a job; false when there was nothing left to do. The source is locked; `kept` is its retention. */
export async function merge(
  tables: SeriesTables,
  job: MergeJob,
  now: number,
  kept: Kept,
): Promise<boolean> {
  const { sourceId, resolution, windowStart } = job;
  const isSeal = job.kind === "seal";
  const rows = await tables.blocks([sourceId], resolution, windowStart, windowStart);
  const blocks = BlockSegment.of(
    rows.filter((row) => isSeal || row.level === job.level),
    resolution,
  );
  const takesBatches = resolution === 0 && (isSeal || job.level === 0);
  const batches = takesBatches ? await tables.batches([sourceId], windowStart, windowStart) : [];
  if (blocks.length + batches.length === 0) return false;
  await loadGroups(tables, blocks, resolution, null);
  const level: BlockLevel = isSeal ? 3 : job.level === 0 ? 1 : 2;
  const merged = new Merge([...blocks, ...batchSegments(batches, null)]);
  const inserts = blocksOf(merged, { sourceId, resolution, windowStart, level }, now, kept);
  await tables.replace({
    batches: batches.map((row) => row.id),
    blocks: blocks.map((segment) => segment.row.id),
    inserts,
  });
  return true;
}

/** Where a block belongs. */
export type BlockPlace = Pick<NewBlock, "sourceId" | "resolution" | "windowStart" | "level">;

/** Columns as a block; of sealed samples their buckets too, but for what `kept` would drop at once. */
export function blocksOf(
  columns: Segment,
  place: BlockPlace,
  now: number,
  kept: Kept,
): readonly NewBlock[] {
  const { sourceId, resolution, windowStart, level } = place;
  const { times } = columns;
  const scratch = new ColumnScratch();
  const writer = new BlockWriter(times, {
    fields: fieldsOf[resolution],
    level: level === 3 ? zstdLevels.sealed : zstdLevels.piece,
    scratch,
  });
  const rollups = level === 3 && resolution === 0 ? new Rollups(times) : null;
  const values = new Float64Array(times.length);
  const present = new Uint8Array(times.length);
  let samples = 0;
  for (const slot of columns.slots()) {
    for (let field = 0; field < fieldsOf[resolution]; field += 1) {
      const presence = columns.read(slot, field, values, present);
      if (presence === "none") break;
      const gaps = presence === "some" ? present : null;
      if (field === 0)
        samples += gaps === null ? times.length : gaps.reduce((sum, one) => sum + one, 0);
      const decimals = writer.add(slot, values, gaps);
      rollups?.add(slot, values, gaps, decimals);
    }
  }
  const block: NewBlock = { ...place, samples, ...writer.finish() };
  return [block, ...(rollups?.blocks(sourceId, windowStart, now, kept) ?? [])];
}

/** Both rollups of a window of samples. */
class Rollups {
  readonly #five: RollupWriter;
  readonly #hour: RollupWriter;

  constructor(times: Float64Array) {
    this.#five = new RollupWriter(times, bucketMs[1]);
    this.#hour = new RollupWriter(this.#five.starts, bucketMs[2]);
  }

  add(slot: number, values: Float64Array, present: Uint8Array | null, decimals: number): void {
    this.#five.addSamples(slot, values, present, decimals);
    this.#hour.addBuckets(slot, this.#five.columns, decimals);
  }

  /** Pieces of the rollups' windows, but for what their retention would drop at once. */
  blocks(sourceId: number, rawWindow: number, now: number, kept: Kept): readonly NewBlock[] {
    const writers = { 1: this.#five, 2: this.#hour } as const;
    return ([1, 2] as const).flatMap((resolution) => {
      const windowStart = windowOf(resolution, rawWindow);
      const writer = writers[resolution];
      if (windowStart < windowOf(resolution, now - kept[resolution])) return [];
      return [
        {
          sourceId,
          resolution,
          windowStart,
          level: 1,
          samples: writer.buckets,
          ...writer.finish(),
        },
      ] as const;
    });
  }
}
