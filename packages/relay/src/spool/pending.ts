/** Records that wait to be written: laid out as bytes when they come, so that a group is one write. */
import { recordKinds, writeRecord, type RecordKind } from "./record.ts";

/** A record to be put into a log. */
export interface NewRecord {
  readonly id: string;
  /** Text is stored as UTF-8, and costs no copy of its own. */
  readonly bytes: Uint8Array | string;
  /** Default: an event for every sink. */
  readonly kind?: RecordKind;
  /** What its kind says. Default: empty. */
  readonly note?: string;
}

/**
 * Memory for groups: used again by the next, so that a log that takes much leaves no garbage. It is shared between threads,
 * so that the thread of a disk gets it without a copy.
 */
export class GroupMemory {
  readonly #free: Buffer[] = [];

  /** At least so many bytes. */
  take(bytes: number): Buffer {
    const there = this.#free.pop();
    if (there !== undefined && there.length >= bytes) return there;
    return Buffer.from(new SharedArrayBuffer(Math.max(bytes, firstRoom)));
  }

  /** Gives memory back that nobody uses any more. */
  give(buffer: Buffer): void {
    // One group is written while the next fills; what an unusual load made large is not kept.
    if (this.#free.length < 2 && buffer.length <= keptRoom) this.#free.push(buffer);
  }
}

const firstRoom = 64 * 1024;
const keptRoom = 2 * 1024 * 1024;

/** Records that go to the disk together, and who waits for them. */
export class Group {
  readonly firstSequence: number;
  readonly ids: string[] = [];
  readonly waiting: ((failure: string | undefined) => void)[] = [];
  readonly at: number;
  readonly #memory: GroupMemory;
  #buffer: Buffer;
  /** Where each record begins. */
  readonly #starts: number[] = [];
  #size = 0;

  constructor(firstSequence: number, at: number, memory: GroupMemory) {
    this.firstSequence = firstSequence;
    this.at = at;
    this.#memory = memory;
    this.#buffer = memory.take(0);
  }

  get records(): number {
    return this.#starts.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Lays out one more, whose `sizeOf` this is. */
  add({ id, bytes, note = "", kind = recordKinds.event }: NewRecord, size: number): void {
    if (this.#size + size > this.#buffer.length) this.#grow(this.#size + size);
    const sequence = this.firstSequence + this.records;
    this.#starts.push(this.#size);
    const record = { kind, sequence, at: this.at, id, note, bytes };
    this.#size = writeRecord(this.#buffer, this.#size, record);
  }

  /** Calls with sequence, offset in the group and size of every record, in order. */
  each(visit: (sequence: number, offset: number, size: number) => void): void {
    for (let i = 0; i < this.#starts.length; i += 1) {
      const start = this.#starts[i] ?? 0;
      visit(this.firstSequence + i, start, (this.#starts[i + 1] ?? this.#size) - start);
    }
  }

  /** Gives its memory to another group: its bytes are gone. */
  release(): void {
    this.#memory.give(this.#buffer);
    this.#buffer = none;
    this.#size = 0;
  }

  #grow(needed: number): void {
    const larger = this.#memory.take(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.bytes);
    this.#memory.give(this.#buffer);
    this.#buffer = larger;
  }
}

const none = Buffer.alloc(0);
