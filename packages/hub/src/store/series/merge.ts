/**
 * Segments of one window laid over each other: the instants of all, and for each instant of a series the value of the
 * newest segment that has one.
 */
import type { Presence, Segment } from "./segment.ts";
import { firstAfter, firstAtLeast } from "./window.ts";

/** Where the instants of a segment are among all: from a place on, or each at its own. */
type Position = number | Uint32Array;

export class Merge implements Segment {
  /** Ascending epoch ms, without repeats. */
  readonly times: Float64Array;
  readonly #segments: readonly Segment[];
  readonly #positions: readonly Position[];
  #values = new Float64Array(0);
  #present = new Uint8Array(0);

  /** `segments`: oldest writing first. */
  constructor(segments: readonly Segment[]) {
    const filled = segments.filter((segment) => segment.times.length > 0);
    this.#segments = filled;
    const [only, ...others] = filled;
    if (only === undefined || others.length === 0) {
      this.times = only?.times ?? new Float64Array(0);
      this.#positions = [0];
    } else {
      this.times = unionOf(filled);
      this.#positions = filled.map((segment) => positionOf(segment.times, this.times));
      const longest = filled.reduce((most, segment) => Math.max(most, segment.times.length), 0);
      this.#values = new Float64Array(longest);
      this.#present = new Uint8Array(longest);
    }
  }

  /** Every slot that may have a sample, ascending. */
  slots(): readonly number[] {
    const slots = new Set<number>();
    for (const segment of this.#segments) for (const slot of segment.slots()) slots.add(slot);
    return [...slots].toSorted((a, b) => a - b);
  }

  /** Reads a column; see `Segment.read`. `values` and `present` have room for all `times`. */
  read(slot: number, field: number, values: Float64Array, present: Uint8Array): Presence {
    const [only] = this.#segments;
    if (only === undefined) return "none";
    if (this.#segments.length === 1)
      return presenceOf(only.read(slot, field, values, present), present, this.times.length);
    const { length } = this.times;
    let cleared = false;
    for (const [i, segment] of this.#segments.entries()) {
      const part = segment.read(slot, field, this.#values, this.#present);
      if (part === "none") continue;
      if (!cleared) present.fill(0, 0, length);
      cleared = true;
      this.#lay(segment.times.length, this.#positions[i] ?? 0, part, values, present);
    }
    return cleared ? presenceOf("some", present, length) : "none";
  }

  #lay(
    count: number,
    position: Position,
    part: Presence,
    values: Float64Array,
    present: Uint8Array,
  ): void {
    if (typeof position === "number" && part === "all") {
      values.set(this.#values.subarray(0, count), position);
      present.fill(1, position, position + count);
      return;
    }
    for (let i = 0; i < count; i += 1) {
      if (part === "some" && this.#present[i] === 0) continue;
      const at = typeof position === "number" ? position + i : (position[i] ?? 0);
      values[at] = this.#values[i] ?? 0;
      present[at] = 1;
    }
  }
}

/** Columns without the instants of a range. */
export class Cut implements Segment {
  readonly times: Float64Array;
  readonly #from: number;
  readonly #to: number;
  readonly #whole: Segment;
  readonly #values: Float64Array;
  readonly #present: Uint8Array;

  /** Leaves out the instants from `from` to `to` (included). */
  constructor(whole: Segment, from: number, to: number) {
    const { times } = whole;
    this.#whole = whole;
    this.#from = firstAtLeast(times, from);
    this.#to = Math.max(this.#from, firstAfter(times, to));
    this.times = new Float64Array(times.length - (this.#to - this.#from));
    this.#copy(times, this.times);
    this.#values = new Float64Array(times.length);
    this.#present = new Uint8Array(times.length);
  }

  slots(): Iterable<number> {
    return this.#whole.slots();
  }

  read(slot: number, field: number, values: Float64Array, present: Uint8Array): Presence {
    const presence = this.#whole.read(slot, field, this.#values, this.#present);
    if (presence === "none" || this.times.length === 0) return "none";
    this.#copy(this.#values, values);
    if (presence === "some") this.#copy(this.#present, present);
    return presenceOf(presence, present, this.times.length);
  }

  #copy<T extends Float64Array | Uint8Array>(whole: T, part: T): void {
    part.set(whole.subarray(0, this.#from));
    part.set(whole.subarray(this.#to, this.#whole.times.length), this.#from);
  }
}

/** Says `all` or `none` where `some` turns out to be that. */
function presenceOf(presence: Presence, present: Uint8Array, length: number): Presence {
  if (presence !== "some") return presence;
  let count = 0;
  for (let i = 0; i < length; i += 1) count += present[i] ?? 0;
  if (count === 0) return "none";
  return count === length ? "all" : "some";
}

function unionOf(segments: readonly Segment[]): Float64Array {
  const total = segments.reduce((sum, segment) => sum + segment.times.length, 0);
  const all = new Float64Array(total);
  const byStart = segments.toSorted((a, b) => (a.times[0] ?? 0) - (b.times[0] ?? 0));
  let at = 0;
  let inOrder = true;
  for (const { times } of byStart) {
    if (at > 0 && (times[0] ?? 0) <= (all[at - 1] ?? 0)) inOrder = false;
    all.set(times, at);
    at += times.length;
  }
  if (inOrder) return all;
  all.sort();
  let kept = 0;
  for (const time of all) {
    if (kept > 0 && all[kept - 1] === time) continue;
    all[kept++] = time;
  }
  return all.slice(0, kept);
}

function positionOf(times: Float64Array, all: Float64Array): Position {
  const positions = new Uint32Array(times.length);
  let at = 0;
  for (let i = 0; i < times.length; i += 1) {
    const time = times[i] ?? 0;
    // Start where this segment does, then walk.
    if (i === 0) at = firstAtLeast(all, time);
    while (all[at] !== time) at += 1;
    positions[i] = at;
  }
  const first = positions[0] ?? 0;
  return (positions.at(-1) ?? 0) - first === times.length - 1 ? first : positions;
}
