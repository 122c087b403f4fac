/** Records that wait to be written: laid out as bytes when they come, so that a group is one write. */
import { recordKinds, sizeOf, writeRecord, type RecordInput, type RecordKind } from "./record.ts";

/** A record to be put into a log. */
export interface NewRecord {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Default: an event for every sink. */
  readonly kind?: RecordKind;
  /** What its kind says. Default: empty. */
  readonly note?: string;
}

const nothing = new Uint8Array(0);

/** As it is written; its sequence and time come later. */
export function laidOut(record: NewRecord): Omit<RecordInput, "sequence" | "at"> {
  const { note = "" } = record;
  return {
    kind: record.kind ?? recordKinds.event,
    id: Buffer.from(record.id),
    note: note === "" ? nothing : Buffer.from(note),
    bytes: record.bytes,
  };
}

/** Records that go to the disk together, and who waits for them. */
export class Group {
  readonly firstSequence: number;
  readonly ids: string[] = [];
  readonly waiting: ((failure: string | undefined) => void)[] = [];
  readonly at: number;
  #buffer: Buffer;
  /** Where each record begins. */
  readonly #starts: number[] = [];
  #size = 0;

  constructor(firstSequence: number, at: number, roomBytes: number) {
    this.firstSequence = firstSequence;
    this.at = at;
    this.#buffer = Buffer.allocUnsafeSlow(roomBytes);
  }

  get records(): number {
    return this.#starts.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Lays out one more. */
  add(record: Omit<RecordInput, "sequence" | "at">): void {
    const size = sizeOf(record);
    if (this.#size + size > this.#buffer.length) this.#grow(this.#size + size);
    const sequence = this.firstSequence + this.records;
    this.#starts.push(this.#size);
    this.#size = writeRecord(this.#buffer, this.#size, { ...record, sequence, at: this.at });
  }

  /** Calls with sequence, offset in the group and size of every record, in order. */
  each(visit: (sequence: number, offset: number, size: number) => void): void {
    for (let i = 0; i < this.#starts.length; i += 1) {
      const start = this.#starts[i] ?? 0;
      visit(this.firstSequence + i, start, (this.#starts[i + 1] ?? this.#size) - start);
    }
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.bytes);
    this.#buffer = larger;
  }
}
