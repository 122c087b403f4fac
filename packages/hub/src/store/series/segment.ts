/**
 * Rows of one window as what can be merged: segments, each with its instants and columns. Batches of a single instant,
 * of which there may be hundreds, are gathered into one segment.
 */
import { BlockReader, GroupReader } from "./codec/block.ts";
import { decodeInstant, isInstant, type Instant } from "./codec/instant.ts";
import type { BatchRow, BlockRow, Resolution, SeriesTables } from "./tables.ts";
import { fieldsOf } from "./window.ts";

/** How many of the instants a column has: it may be none. */
export type Presence = "none" | "some" | "all";

/** Columns over the same instants. */
export interface Segment {
  /** Ascending epoch ms. */
  readonly times: Float64Array;
  /** Every slot that may have a column, in any order. */
  slots(): Iterable<number>;
  /**
   * Reads a column into the first `times.length` places of `values`. `present` is only filled in when the answer is
   * `some`.
   */
  read(slot: number, field: number, values: Float64Array, present: Uint8Array): Presence;
}

/** A block whose groups are read when they are needed. */
export class BlockSegment implements Segment {
  readonly row: BlockRow;
  readonly #block: BlockReader;
  /** Those that were added, by number; the one in the head is number -1, as is a slot before all groups. */
  readonly #groups = new Map<number, GroupReader>();

  constructor(row: BlockRow, block: BlockReader) {
    this.row = row;
    this.#block = block;
    if (block.inlineGroup !== null) this.#groups.set(-1, block.inlineGroup);
  }

  static of(rows: readonly BlockRow[], resolution: Resolution): readonly BlockSegment[] {
    const heads = rows.map((row) => row.head);
    const blocks = BlockReader.unpackAll(heads, fieldsOf[resolution]);
    return rows.flatMap((row, i) => {
      const block = blocks[i];
      return block === undefined ? [] : [new BlockSegment(row, block)];
    });
  }

  get times(): Float64Array {
    return this.#block.times;
  }

  /** Groups that must be added before the columns of these slots can be read; all groups without `slots`. */
  neededGroups(slots: readonly number[] | null): readonly number[] {
    const count = this.#block.groupCount;
    if (slots === null) return Array.from({ length: count }, (_, group) => group);
    if (count === 0) return [];
    const groups = new Set(slots.map((slot) => this.#block.groupOf(slot)));
    return [...groups].filter((group) => group >= 0);
  }

  addGroup(number: number, group: GroupReader): void {
    this.#groups.set(number, group);
  }

  /** Slots of the groups that were added. */
  slots(): Iterable<number> {
    return this.#groups.values().flatMap((group) => group.slots);
  }

  read(slot: number, field: number, values: Float64Array, present: Uint8Array): Presence {
    const group = this.#groups.get(this.#block.groupOf(slot));
    const place = group?.placeOf(slot) ?? -1;
    if (group === undefined || place < 0) return "none";
    const { length } = this.#block;
    const column = values.length === length ? values : values.subarray(0, length);
    return group.read(place, field, column, present) ? "some" : "all";
  }
}

/** Batches of one instant each, later ones over earlier ones. */
export class InstantsSegment implements Segment {
  readonly times: Float64Array;
  readonly #columns = new Map<number, number>();
  readonly #values: Float64Array;
  readonly #present: Uint8Array;

  /** Keeps only the columns of `wanted`, where it is given. */
  constructor(instants: readonly Instant[], wanted: ReadonlySet<number> | null) {
    this.times = Float64Array.from(new Set(instants.map((instant) => instant.time))).toSorted();
    const rows = new Map([...this.times].map((time, row) => [time, row]));
    let last: Uint32Array | undefined;
    for (const { slots } of instants) {
      if (last !== undefined && sameSlots(last, slots)) continue;
      last = slots;
      for (const slot of slots) {
        if (wanted !== null && !wanted.has(slot)) continue;
        if (!this.#columns.has(slot)) this.#columns.set(slot, this.#columns.size);
      }
    }
    const cells = this.#columns.size * this.times.length;
    this.#values = new Float64Array(cells);
    this.#present = new Uint8Array(cells);
    for (const instant of instants) this.#fill(instant, rows.get(instant.time) ?? 0);
  }

  slots(): Iterable<number> {
    return this.#columns.keys();
  }

  read(slot: number, _field: number, values: Float64Array, present: Uint8Array): Presence {
    const column = this.#columns.get(slot);
    if (column === undefined) return "none";
    const { length } = this.times;
    const start = column * length;
    values.set(this.#values.subarray(start, start + length));
    present.set(this.#present.subarray(start, start + length));
    return "some";
  }

  #fill({ slots, values }: Instant, row: number): void {
    const { length } = this.times;
    for (let i = 0; i < slots.length; i += 1) {
      const column = this.#columns.get(slots[i] ?? 0);
      if (column === undefined) continue;
      const cell = column * length + row;
      this.#values[cell] = values[i] ?? 0;
      this.#present[cell] = 1;
    }
  }
}

function sameSlots(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Batches of one source and window, oldest first, as segments, oldest first. */
export function batchSegments(
  rows: readonly BatchRow[],
  wanted: ReadonlySet<number> | null,
): readonly Segment[] {
  const segments: Segment[] = [];
  let instants: Instant[] = [];
  const closeInstants = (): void => {
    if (instants.length > 0) segments.push(new InstantsSegment(instants, wanted));
    instants = [];
  };
  for (const { id, sourceId, windowStart, data } of rows) {
    if (isInstant(data)) {
      instants.push(decodeInstant(data));
    } else {
      closeInstants();
      segments.push(...BlockSegment.of([{ id, sourceId, windowStart, level: 1, head: data }], 0));
    }
  }
  closeInstants();
  return segments;
}

/** Fetches, in one question, the groups that hold these slots (all groups without `slotsOf`). */
export async function loadGroups(
  tables: SeriesTables,
  segments: readonly BlockSegment[],
  resolution: Resolution,
  slotsOf: ((segment: BlockSegment) => readonly number[]) | null,
): Promise<void> {
  const places = segments.flatMap((segment) =>
    segment
      .neededGroups(slotsOf === null ? null : slotsOf(segment))
      .map((group) => ({ segment, blockId: segment.row.id, group })),
  );
  if (places.length === 0) return;
  const groups = GroupReader.unpackAll(await tables.groups(places), fieldsOf[resolution]);
  for (const [i, { segment, group: number }] of places.entries()) {
    const group = groups[i];
    if (group !== undefined) segment.addGroup(number, group);
  }
}
