/**
 * What is known in memory of a segment: which sequences it has, how many of its bytes are on disk for certain, and a
 * sparse table of places, so that a cursor finds its record and the age of it without reading from the start.
 */
import { headerBytes } from "./record.ts";

/** A place is noted every so many records, … */
const placeRecords = 1_000;
/** … and whenever the clock has moved by this much, ms. */
const placeMs = 1_000;

/** A file of the log. Grows while it is the active one. */
export class Segment {
  readonly number: number;
  readonly path: string;
  readonly firstSequence: number;
  /** `firstSequence − 1` while it is empty. */
  lastSequence: number;
  records = 0;
  /** Bytes from the start that are records and on disk. */
  bytes = headerBytes;
  /** It is being deleted: that its file is missing is no news. */
  isGoing = false;
  readonly #sequences: number[] = [];
  readonly #offsets: number[] = [];
  readonly #times: number[] = [];

  constructor(number: number, path: string, firstSequence: number) {
    this.number = number;
    this.path = path;
    this.firstSequence = firstSequence;
    this.lastSequence = firstSequence - 1;
  }

  /** Takes note of the next record. */
  add(sequence: number, at: number, offset: number, size: number): void {
    this.records += 1;
    this.lastSequence = sequence;
    this.bytes = offset + size;
    const last = this.#sequences.length - 1;
    const isNear =
      last >= 0 &&
      sequence - (this.#sequences[last] ?? 0) < placeRecords &&
      Math.abs(at - (this.#times[last] ?? 0)) < placeMs;
    if (isNear) return;
    this.#sequences.push(sequence);
    this.#offsets.push(offset);
    this.#times.push(at);
  }

  /** Where to begin reading to find a sequence: an offset at or before it. */
  offsetBefore(sequence: number): number {
    return this.#offsets[this.#placeOf(sequence)] ?? headerBytes;
  }

  /** When a record was taken in, epoch ms, at most a second or so early; undefined while the segment is empty. */
  timeOf(sequence: number): number | undefined {
    return this.#times[this.#placeOf(sequence)] ?? this.#times[0];
  }

  /** The last place at or before a sequence; −1 when there is none. */
  #placeOf(sequence: number): number {
    let low = 0;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The name of a segment's file. */
export function segmentName(number: number): string {
  return `${String(number).padStart(12, "0")}.seg`;
}

/** The number of a segment's file; undefined for another file. */
export function segmentNumber(name: string): number | undefined {
  return /^\d{12}\.seg$/.test(name) ? Number(name.slice(0, 12)) : undefined;
}
