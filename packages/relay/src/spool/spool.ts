/**
 * The spool: what was acknowledged to a client is here, on disk, until every sink has it or has refused it for good.
 *
 *     spool/000000000012.seg   segments, see FORMAT.md
 *     spool/cursors            how far each sink is
 *     spool/dead/<sink>/       what a sink refused for good: the same again
 *     spool/damaged/           pieces that were no records
 *     spool/reserve            room to acknowledge with when the disk is full
 *     spool/lock, holder       one process at a time
 *
 * Promises: `append` says `stored` only after `fdatasync`. A record is given to every sink until that sink acknowledges
 * it, whatever happens in between (at least once). Nothing is forgotten silently: what is damaged, dropped for the quota or
 * begun again is counted and told. A disk that is full or fails makes appends fail, never the process, and works again when
 * the disk does.
 */
import { join } from "node:path";
import { CursorSet, type CursorSetParts, type CursorStart } from "./cursor-set.ts";
import type { Cursor, CursorStats } from "./cursor.ts";
import { DeadLetters, sinkOf, type DeadStats } from "./dead.ts";
import { messageOf } from "./disk.ts";
import { lockFolder } from "./lock.ts";
import type { Appended, LogStats } from "./log.ts";
import type { NewRecord } from "./pending.ts";
import type { StoredRecord } from "./record.ts";
import { completeSettings, SpoolError, type SpoolParts, type SpoolSettings } from "./settings.ts";

/** Figures of a spool, as they are now or since it was opened. */
export interface SpoolStats extends LogStats {
  readonly quotaBytes: number;
  readonly cursors: Readonly<Record<string, CursorStats>>;
  /** Of the sinks whose dead letters were looked at or written since the start, and those that had any at the start. */
  readonly dead: Readonly<Record<string, DeadStats>>;
}

/**
 * Opens a spool: takes its lock, reads and repairs what is there. Throws `SpoolError`: `in_use`, `wrong_settings`,
 * `newer_format` (nothing is touched), `disk_failed`.
 */
export async function openSpool(
  given: Partial<SpoolSettings> & Pick<SpoolSettings, "folder">,
  parts: SpoolParts,
): Promise<Spool> {
  const settings = completeSettings(given);
  try {
    await parts.disk.makeFolder(settings.folder);
  } catch (error) {
    throw new SpoolError("disk_failed", `${settings.folder}: ${messageOf(error)}`);
  }
  const lock = lockFolder(settings.folder);
  const spool = new Spool(settings, parts, lock);
  try {
    await spool.open();
    return spool;
  } catch (error) {
    lock[Symbol.dispose]();
    if (error instanceof SpoolError) throw error;
    throw new SpoolError("disk_failed", `${settings.folder}: ${messageOf(error)}`);
  }
}

/** See the top of the file. Made by `openSpool`. */
export class Spool {
  readonly #settings: SpoolSettings;
  readonly #parts: CursorSetParts;
  readonly #lock: Disposable;
  readonly #set: CursorSet;
  readonly #dead = new Map<string, Promise<DeadLetters>>();
  readonly #deadNow = new Map<string, DeadLetters>();
  #isClosed = false;

  constructor(settings: SpoolSettings, parts: SpoolParts, lock: Disposable) {
    this.#settings = settings;
    const reserve = join(settings.folder, "reserve");
    this.#parts = { ...parts, reserve, onRoom: () => this.keepReserve() };
    this.#lock = lock;
    this.#set = new CursorSet(settings, this.#parts);
  }

  /** Called by `openSpool`, once. */
  async open(): Promise<void> {
    const { disk } = this.#parts;
    await this.#set.open();
    for (const { name, sizeBytes } of await disk.list(join(this.#settings.folder, "dead"))) {
      const sink = sinkOf(name);
      if (sizeBytes === -1 && sink !== undefined) await this.dead(sink);
    }
    await this.keepReserve();
  }

  /** Stores records, all or none, in order; resolves when they are synced. Repeated ids count as stored. */
  append(records: readonly NewRecord[]): Promise<Appended> {
    return this.#set.log.append(records);
  }

  /** The newest record, whether it was acknowledged or not; undefined where there is none any more. */
  async last(): Promise<StoredRecord | undefined> {
    const { log } = this.#set;
    const position = { sequence: log.lastSequence, segment: undefined, offset: 0 };
    return (await log.read(position, { maxRecords: 1, maxBytes: 1024 * 1024 })).at(0);
  }

  /** The place of a sink. One that was not here before starts where it says; a place that was lost, at the beginning. */
  async cursor(name: string, { from }: { readonly from: CursorStart }): Promise<Cursor> {
    this.#mustBeOpen();
    return this.#set.cursor(name, from);
  }

  /** Names of all sinks that have a place. */
  cursorNames(): readonly string[] {
    return [...this.#set.cursors.keys()];
  }

  /** Nothing is kept any more for a sink that is gone for good. Its dead letters stay. */
  forgetCursor(name: string): Promise<void> {
    return this.#set.forget(name);
  }

  /** The dead letters of a sink. */
  dead(sink: string): Promise<DeadLetters> {
    this.#mustBeOpen();
    let letters = this.#dead.get(sink);
    if (letters === undefined) {
      letters = DeadLetters.open(sink, this.#settings, this.#parts);
      this.#dead.set(sink, letters);
      letters.then(
        (opened) => this.#deadNow.set(sink, opened),
        () => this.#dead.delete(sink),
      );
    }
    return letters;
  }

  /** Puts dead letters of a sink into the spool again, for that sink alone. */
  async replay(sink: string, which: "all" | readonly number[]): ReturnType<DeadLetters["replay"]> {
    return (await this.dead(sink)).replay((records) => this.append(records), which);
  }

  /** Writes acknowledgements at once instead of in a moment, and deletes what nobody needs. */
  async flush(): Promise<void> {
    await this.#set.save();
    await this.keepReserve();
  }

  /** Makes the file of the reserve anew where it was given up; without room for it things go on without. */
  async keepReserve(): Promise<void> {
    const { disk, reserve } = this.#parts;
    await disk.reserve(reserve, this.#settings.reserveBytes).catch(() => undefined);
  }

  stats(): SpoolStats {
    const cursors = [...this.#set.cursors].map(([name, cursor]) => [name, cursor.stats()] as const);
    const dead = [...this.#deadNow].map(([sink, letters]) => [sink, letters.stats()] as const);
    return {
      ...this.#set.log.stats(),
      quotaBytes: this.#settings.quotaBytes,
      cursors: Object.fromEntries(cursors),
      dead: Object.fromEntries(dead),
    };
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new SpoolError("closed", "the spool is closed");
  }

  /** Waits for what is being written, writes the last acknowledgements, gives the lock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#set.close();
      for (const letters of await Promise.allSettled(this.#dead.values())) {
        if (letters.status === "fulfilled") await letters.value.close();
      }
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }
}
