/**
 * Merging the rows of one window of one source. Everything here happens under the source's lock and in one
 * transaction: rows are read, merged and replaced by exactly those that were read, by their ids. What another hub
 * appends meanwhile stays a batch of its own, and is newer.
 */
import type { StoreSettings } from "../port.ts";
import { BlockWriter } from "./codec/block.ts";
import { ColumnScratch } from "./codec/column.ts";
import { zstdLevels } from "./codec/wrap.ts";
import { Merge } from "./merge.ts";
import { RollupWriter } from "./rollup.ts";
import { batchSegments, BlockSegment, loadGroups, type Segment } from "./segment.ts";
import type { BatchRow, BlockLevel, NewBlock, Resolution, SeriesTables } from "./tables.ts";
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

export interface SealSettings {
  readonly retention: StoreSettings["retention"];
}

/** Does a job; false when there was nothing left to do. The source is locked. */
export async function merge(
  tables: SeriesTables,
  job: MergeJob,
  now: number,
  settings: SealSettings,
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
  const inserts = mergedBlocks(job, level, blocks, batches, now, settings);
  await tables.replace({
    batches: batches.map((row) => row.id),
    blocks: blocks.map((segment) => segment.row.id),
    inserts,
  });
  return true;
}

function mergedBlocks(
  job: MergeJob,
  level: BlockLevel,
  blocks: readonly Segment[],
  batches: readonly BatchRow[],
  now: number,
  settings: SealSettings,
): readonly NewBlock[] {
  const { sourceId, resolution, windowStart } = job;
  const merged = new Merge([...blocks, ...batchSegments(batches, null)]);
  const { times } = merged;
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
  for (const slot of merged.slots()) {
    for (let field = 0; field < fieldsOf[resolution]; field += 1) {
      const presence = merged.read(slot, field, values, present);
      if (presence === "none") break;
      const gaps = presence === "some" ? present : null;
      if (field === 0)
        samples += gaps === null ? times.length : gaps.reduce((sum, one) => sum + one, 0);
      const decimals = writer.add(slot, values, gaps);
      rollups?.add(slot, values, gaps, decimals);
    }
  }
  const block: NewBlock = { sourceId, resolution, windowStart, level, samples, ...writer.finish() };
  return [block, ...(rollups?.blocks(sourceId, windowStart, now, settings) ?? [])];
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
  blocks(
    sourceId: number,
    rawWindow: number,
    now: number,
    { retention }: SealSettings,
  ): readonly NewBlock[] {
    const kept = { 1: retention.fiveMinutesMs, 2: retention.hourMs } as const;
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
