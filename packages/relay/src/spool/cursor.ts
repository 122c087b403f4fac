/**
 * One reader's place in a log. Reading moves ahead of what is acknowledged; acknowledging may come in any order. What was
 * read and not acknowledged when the process ends is read again: a sink gets everything at least once.
 */
import { recordKinds, type StoredRecord } from "./record.ts";
import type { CursorState } from "./cursor-file.ts";
import type { SegmentLog } from "./log.ts";
import type { Position, ReadBounds } from "./segment-read.ts";

export interface CursorStats {
  /** Records not acknowledged yet. */
  readonly depth: number;
  /** Their bytes on disk; within a segment in proportion. */
  readonly bytes: number;
  /** Age of the oldest of them, s, to about a second; 0 when there is none. */
  readonly oldestSeconds: number;
  readonly acknowledged: number;
  /** Records given up for the quota before they were acknowledged. */
  readonly dropped: number;
  /** How often its place was lost, so that it began again at the oldest record: 0 or 1 since the start. */
  readonly lost: number;
}

export interface CursorParts {
  readonly log: Pick<SegmentLog, "read" | "gapEnd" | "backlog" | "lastSequence">;
  readonly now: () => number;
  /** Called when something was acknowledged that is not on disk. */
  readonly onChange: () => void;
}

/** See the top of the file. */
export class Cursor {
  readonly name: string;
  readonly #parts: CursorParts;
  readonly #beyond = new Set<number>();
  readonly #position: Position;
  readonly #wakeUps = new Set<() => void>();
  #watermark: number;
  #mustRewind = false;
  #reading: Promise<unknown> = Promise.resolve();
  #acknowledged = 0;
  #dropped = 0;
  readonly #lost: number;

  constructor(name: string, state: CursorState, isLost: boolean, parts: CursorParts) {
    this.name = name;
    this.#parts = parts;
    this.#lost = isLost ? 1 : 0;
    this.#watermark = state.watermark;
    for (const [first, last] of state.beyond) {
      for (let sequence = first; sequence <= last; sequence += 1) this.#beyond.add(sequence);
    }
    this.#advance();
    this.#position = { sequence: this.#watermark + 1, segment: undefined, offset: 0 };
  }

  /** Everything up to this sequence is acknowledged. */
  get watermark(): number {
    return this.#watermark;
  }

  /**
   * The next records in order, not those acknowledged before; none when all was read. Calls that overlap follow each
   * other. Rejects with `DiskError` when the disk cannot be read; nothing is skipped then.
   */
  read(bounds: ReadBounds): Promise<readonly StoredRecord[]> {
    const next = this.#reading.then(() => this.#read(bounds));
    this.#reading = next.catch(() => undefined);
    return next;
  }

  async #read(bounds: ReadBounds): Promise<readonly StoredRecord[]> {
    for (;;) {
      if (this.#mustRewind) {
        this.#mustRewind = false;
        this.#position.sequence = this.#watermark + 1;
        this.#position.segment = undefined;
      }
      const all = await this.#parts.log.read(this.#position, bounds);
      if (all.length === 0) return [];
      const others = all.filter((record) => isForAnother(record, this.name));
      if (others.length > 0) this.acknowledge(others.map(({ sequence }) => sequence));
      const mine = all.filter(({ sequence }) => !this.isAcknowledged(sequence));
      if (mine.length > 0) return mine;
    }
  }

  /** Reading begins again at the first record that is not acknowledged. */
  rewind(): void {
    // A read may be under way, and moves on from where it was.
    this.#mustRewind = true;
    this.wake();
  }

  /** Whether a record was acknowledged, or is not there any more. */
  isAcknowledged(sequence: number): boolean {
    return sequence <= this.#watermark || this.#beyond.has(sequence);
  }

  /**
   * These need not be read again. What is beyond the first that is not acknowledged is remembered one by one: have a bounded
   * number under way. On disk after `cursorSaveMs` at most; always before their segment
   * is deleted.
   */
  acknowledge(sequences: Iterable<number>): void {
    let count = 0;
    for (const sequence of sequences) {
      if (this.isAcknowledged(sequence) || sequence > this.#parts.log.lastSequence) continue;
      this.#beyond.add(sequence);
      count += 1;
    }
    if (count === 0) return;
    this.#acknowledged += count;
    this.#advance();
    this.#parts.onChange();
  }

  /** Resolves when there is something to read; rejects when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#nextSequence() > this.#parts.log.lastSequence) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const onAbort = (): void => resolve();
      this.#wakeUps.add(resolve);
      signal.addEventListener("abort", onAbort);
      await promise;
      signal.removeEventListener("abort", onAbort);
      this.#wakeUps.delete(resolve);
      signal.throwIfAborted();
    }
  }

  #nextSequence(): number {
    return this.#mustRewind ? this.#watermark + 1 : this.#position.sequence;
  }

  /** Something was stored, or turned out to be missing. */
  wake(): void {
    this.#advance();
    for (const resolve of this.#wakeUps) resolve();
  }

  /** Everything below a sequence is dropped for the quota. */
  drop(below: number): void {
    const from = this.#watermark + 1;
    if (from >= below) return;
    const { backlog } = this.#parts.log;
    const left = backlog.call(this.#parts.log, from).records;
    const after = backlog.call(this.#parts.log, below).records;
    let known = 0;
    for (const sequence of this.#beyond) if (sequence < below) known += 1;
    this.#dropped += Math.max(0, left - after - known);
    this.#jump(below - 1);
    this.#advance();
    this.#position.sequence = Math.max(this.#position.sequence, below);
    this.#parts.onChange();
  }

  /** What is to be on disk of it. */
  state(): CursorState {
    const beyond: [number, number][] = [];
    for (const sequence of [...this.#beyond].toSorted((a, b) => a - b)) {
      const run = beyond.at(-1);
      if (run !== undefined && run[1] === sequence - 1) run[1] = sequence;
      else beyond.push([sequence, sequence]);
    }
    return { watermark: this.#watermark, beyond };
  }

  stats(): CursorStats {
    const { records, bytes, oldestAt } = this.#parts.log.backlog(this.#watermark + 1);
    const depth = Math.max(0, records - this.#beyond.size);
    return {
      depth,
      bytes: depth === 0 ? 0 : bytes,
      oldestSeconds:
        depth === 0 || oldestAt === undefined
          ? 0
          : Math.max(0, this.#parts.now() - oldestAt) / 1000,
      acknowledged: this.#acknowledged,
      dropped: this.#dropped,
      lost: this.#lost,
    };
  }

  #advance(): void {
    const { log } = this.#parts;
    for (;;) {
      const next = this.#watermark + 1;
      if (this.#beyond.delete(next)) this.#watermark = next;
      else {
        const end = next > log.lastSequence ? undefined : log.gapEnd(next);
        if (end === undefined) break;
        this.#jump(end);
      }
    }
  }

  #jump(watermark: number): void {
    this.#watermark = watermark;
    for (const sequence of this.#beyond) {
      if (sequence <= watermark) this.#beyond.delete(sequence);
    }
  }
}

function isForAnother(record: StoredRecord, name: string): boolean {
  return record.kind === recordKinds.replayed && record.note !== name;
}
