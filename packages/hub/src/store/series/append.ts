/** From frames to write-ahead rows: one per source, window and append. */
import { AppError } from "../../model/error.ts";
import type { Frame, SourceKey } from "../../model/series.ts";
import type { Catalogue, Placement } from "./catalogue.ts";
import { BlockWriter } from "./codec/block.ts";
import { ByteWriter } from "./codec/bytes.ts";
import { ColumnScratch } from "./codec/column.ts";
import { encodeInstant } from "./codec/instant.ts";
import { zstdLevels } from "./codec/wrap.ts";
import type { NewBatch, SeriesTables } from "./tables.ts";
import { firstAtLeast, windowMs, windowOf } from "./window.ts";

/** Samples from further ahead than this are refused: no retention would ever reach what a broken clock wrote. */
const maxAheadMs = 24 * 60 * 60 * 1000;

/** Times that may be appended, epoch ms; `from` is included, `to` is not. */
export interface AcceptedTimes {
  readonly from: number;
  readonly to: number;
}

/** What is accepted at `now`; `horizon` is what the byte cap has dropped. */
export function acceptedTimes(now: number, rawRetentionMs: number, horizon: number): AcceptedTimes {
  return { from: Math.max(now - rawRetentionMs, horizon), to: now + maxAheadMs };
}

/** Writes frames into batches. Keeps its buffers from call to call. */
export class BatchWriter {
  readonly #out = new ByteWriter(8192);
  readonly #scratch = new ColumnScratch();
  readonly #catalogue: Catalogue;
  #slots = new Uint32Array(512);
  #values = new Float64Array(512);

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  async append(
    tables: SeriesTables,
    frames: readonly Frame[],
    acceptedOf: (source: SourceKey) => AcceptedTimes,
  ): Promise<{ readonly accepted: number; readonly refused: number }> {
    let refused = 0;
    const cut: Frame[] = [];
    for (const frame of frames) {
      checkTimes(frame);
      const kept = cutFrame(frame, acceptedOf(frame.source));
      const keptSamples = kept === undefined ? 0 : samplesIn(kept);
      if (kept !== frame) refused += samplesIn(frame) - keptSamples;
      if (kept !== undefined && keptSamples > 0) cut.push(kept);
    }
    if (cut.length === 0) return { accepted: 0, refused };
    const placements = await this.#catalogue.place(tables, cut);
    const batches: NewBatch[] = [];
    let count = 0;
    for (const [i, frame] of cut.entries()) {
      for (const placement of placements[i] ?? []) {
        for (const batch of this.#batchesOf(frame, placement)) {
          batches.push(batch);
          count += batch.samples;
        }
      }
    }
    await tables.insertBatches(batches);
    return { accepted: count, refused };
  }

  *#batchesOf(frame: Frame, placement: Placement): Generator<NewBatch> {
    const { times } = frame;
    for (let from = 0; from < times.length;) {
      const windowStart = windowOf(0, times[from] ?? 0);
      const to = firstAtLeast(times, windowStart + windowMs[0]);
      const encoded =
        to - from === 1
          ? this.#instant(frame, placement, from)
          : this.#columns(frame, placement, from, to);
      if (encoded.samples > 0) yield { sourceId: placement.sourceId, windowStart, ...encoded };
      from = to;
    }
  }

  #instant(frame: Frame, placement: Placement, at: number): { samples: number; data: Uint8Array } {
    const { columns, slots } = placement;
    if (this.#slots.length < slots.length) {
      this.#slots = new Uint32Array(slots.length * 2);
      this.#values = new Float64Array(slots.length * 2);
    }
    const { times, values, present } = frame;
    let samples = 0;
    for (let i = 0; i < columns.length; i += 1) {
      const cell = (columns[i] ?? 0) * times.length + at;
      if (present !== undefined && present[cell] === 0) continue;
      this.#slots[samples] = slots[i] ?? 0;
      this.#values[samples] = values[cell] ?? 0;
      samples += 1;
    }
    if (samples === 0) return { samples, data: new Uint8Array(0) };
    const time = times[at] ?? 0;
    return { samples, data: encodeInstant(this.#out, time, this.#slots, this.#values, samples) };
  }

  #columns(
    frame: Frame,
    placement: Placement,
    from: number,
    to: number,
  ): { samples: number; data: Uint8Array } {
    const { times, values, present } = frame;
    const block = new BlockWriter(times.subarray(from, to), {
      fields: 1,
      level: zstdLevels.piece,
      scratch: this.#scratch,
      inline: true,
    });
    let samples = 0;
    for (let i = 0; i < placement.columns.length; i += 1) {
      const start = (placement.columns[i] ?? 0) * times.length;
      const there = present?.subarray(start + from, start + to) ?? null;
      const count = there === null ? to - from : countPresent(there);
      if (count === 0) continue;
      samples += count;
      block.add(placement.slots[i] ?? 0, values.subarray(start + from, start + to), there);
    }
    return { samples, data: samples === 0 ? new Uint8Array(0) : block.finish().head };
  }
}

/** Throws `invalid` for times that are not whole, ascending epoch ms, or values that do not fit them. */
function checkTimes({ times, series, values, present, source }: Frame): void {
  const cells = times.length * series.length;
  if (values.length !== cells || (present !== undefined && present.length !== cells)) {
    throw new AppError(
      "invalid",
      `a frame of ${source} has ${values.length} values for ${cells} places`,
    );
  }
  let before = -Infinity;
  for (const time of times) {
    if (!Number.isSafeInteger(time) || time <= before || Math.abs(time) > 8.64e15) {
      throw new AppError(
        "invalid",
        `a frame of ${source} has the time ${time} after ${before}, expected ascending whole milliseconds`,
      );
    }
    before = time;
  }
}

/** The part of a frame that is accepted: the frame itself, a copy without the rest, or nothing. */
function cutFrame(frame: Frame, accepted: AcceptedTimes): Frame | undefined {
  const { times, series, values, present } = frame;
  const from = firstAtLeast(times, accepted.from);
  const to = firstAtLeast(times, accepted.to);
  if (from === 0 && to === times.length) return times.length > 0 ? frame : undefined;
  if (from >= to) return undefined;
  const length = to - from;
  const kept = new Float64Array(series.length * length);
  const keptPresent = present === undefined ? undefined : new Uint8Array(series.length * length);
  for (let s = 0; s < series.length; s += 1) {
    const start = s * times.length;
    kept.set(values.subarray(start + from, start + to), s * length);
    if (present !== undefined)
      keptPresent?.set(present.subarray(start + from, start + to), s * length);
  }
  return {
    ...frame,
    times: times.subarray(from, to),
    values: kept,
    ...(keptPresent === undefined ? {} : { present: keptPresent }),
  };
}

function samplesIn(frame: Frame): number {
  return frame.present === undefined ? frame.values.length : countPresent(frame.present);
}

function countPresent(present: Uint8Array): number {
  let count = 0;
  for (const there of present) if (there !== 0) count += 1;
  return count;
}
