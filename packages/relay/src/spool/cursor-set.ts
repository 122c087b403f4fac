/**
 * The readers of a log, and what may be deleted of it. Acknowledgements are gathered for a moment and written together;
 * only what is on disk as acknowledged by every reader is deleted. A log without readers keeps everything.
 */
import { join } from "node:path";
import { Cursor } from "./cursor.ts";
import { cursorBytes, parseCursors, type CursorState, type Places } from "./cursor-file.ts";
import { isMissing, messageOf } from "./disk.ts";
import { SegmentLog, type LogParts, type LogSettings } from "./log.ts";
import type { SpoolParts } from "./settings.ts";

export interface CursorSetSettings extends LogSettings {
  readonly cursorSaveMs: number;
}

export interface CursorSetParts extends SpoolParts {
  readonly reserve: LogParts["reserve"];
  /** Called when segments were deleted: there may be room for the reserve again. */
  readonly onRoom: () => Promise<void>;
}

/** Where a reader begins that was not here before. */
export type CursorStart = "beginning" | "end";

/** A log and its readers. `open` it, and `close` it. */
export class CursorSet {
  readonly log: SegmentLog;
  readonly #settings: CursorSetSettings;
  readonly #parts: CursorSetParts;
  readonly #file: string;
  readonly #cursors = new Map<string, Cursor>();
  readonly #stop = new AbortController();
  /** As the file has them. */
  #saved: ReadonlyMap<string, CursorState> = new Map();
  /** The last sequence when all places were lost; null when they were not. */
  #lost: number | null = null;
  #isDirty = false;
  #waiting: Promise<void> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(settings: CursorSetSettings, parts: CursorSetParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#file = join(settings.folder, "cursors");
    this.log = new SegmentLog(settings, {
      disk: parts.disk,
      log: parts.log,
      clock: parts.clock,
      reserve: parts.reserve,
      onStored: () => {
        for (const cursor of this.#cursors.values()) cursor.wake();
      },
      onDrop: (below) => {
        for (const cursor of this.#cursors.values()) cursor.drop(below);
      },
    });
  }

  /** Reads what is there. The folder must be there. */
  async open(): Promise<void> {
    for (const { name } of await this.#parts.disk.list(this.#settings.folder)) {
      if (name.endsWith(".tmp")) await this.#parts.disk.remove(join(this.#settings.folder, name));
    }
    await this.log.open();
    const { cursors, lost } = await this.#readFile();
    for (const { watermark, beyond } of cursors.values()) {
      this.log.skipTo(Math.max(watermark, beyond.at(-1)?.[1] ?? 0));
    }
    this.#lost = lost;
    for (const [name, state] of cursors) this.#add(name, state, false);
    this.#isDirty = true;
    await this.save();
  }

  /** Where there should be a file and it is gone or damaged, nobody's place is known. */
  async #readFile(): Promise<Places> {
    const { disk, log } = this.#parts;
    const folder = this.#settings.folder;
    const size = (await disk.list(folder)).find(({ name }) => name === "cursors")?.sizeBytes;
    if (size === undefined) {
      if (this.log.stats().records === 0) return { cursors: new Map(), lost: null };
      log.warn(
        { file: this.#file },
        "the places of the sinks are gone: everything is delivered again",
      );
      return { cursors: new Map(), lost: this.log.lastSequence };
    }
    const bytes = await disk.read(this.#file, 0, size);
    const parsed = parseCursors(bytes);
    if (parsed !== undefined) return parsed;
    log.warn(
      { file: this.#file },
      "the places of the sinks are damaged: everything is delivered again",
    );
    const kept = join(folder, "damaged");
    await disk
      .makeFolder(kept)
      .then(() => disk.replace(join(kept, "cursors"), bytes, this.#parts.reserve))
      .catch(() => undefined);
    return { cursors: new Map(), lost: this.log.lastSequence };
  }

  /** The reader of this name; made, and its place written, when it is not there. */
  async cursor(name: string, from: CursorStart): Promise<Cursor> {
    const there = this.#cursors.get(name);
    if (there !== undefined) return there;
    // Where places were lost this may be one of them: it must not skip anything.
    const isLost = this.#lost !== null;
    const isAtEnd = from === "end" && !isLost;
    const watermark = isAtEnd ? this.log.lastSequence : this.log.firstSequence - 1;
    const cursor = this.#add(name, { watermark, beyond: [] }, isLost);
    this.#isDirty = true;
    await this.save();
    return cursor;
  }

  #add(name: string, state: CursorState, isLost: boolean): Cursor {
    const cursor = new Cursor(name, state, isLost, {
      log: this.log,
      now: () => this.#parts.clock.now(),
      onChange: () => this.#changed(),
    });
    this.#cursors.set(name, cursor);
    return cursor;
  }

  /** All readers by name. */
  get cursors(): ReadonlyMap<string, Cursor> {
    return this.#cursors;
  }

  /** Forgets a reader: nothing is kept for it any more. */
  async forget(name: string): Promise<void> {
    if (!this.#cursors.delete(name)) return;
    this.#isDirty = true;
    await this.save();
  }

  #changed(): void {
    this.#isDirty = true;
    this.#waiting ??= this.#saveSoon();
  }

  async #saveSoon(): Promise<void> {
    try {
      await this.#parts.sleep(this.#settings.cursorSaveMs, this.#stop.signal);
    } catch {
      // Closing saves at once.
      return;
    } finally {
      this.#waiting = undefined;
    }
    await this.save();
    if (this.#isDirty && !this.#stop.signal.aborted) this.#waiting ??= this.#saveSoon();
  }

  /** Writes all places that changed, then deletes what nobody needs. Failures are told once and tried again later. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { disk, log, reserve } = this.#parts;
    try {
      if (this.#isDirty) {
        this.#isDirty = false;
        if (this.#lost !== null && this.log.firstSequence > this.#lost) this.#lost = null;
        const states = new Map([...this.#cursors].map(([name, cursor]) => [name, cursor.state()]));
        await disk.replace(this.#file, cursorBytes({ cursors: states, lost: this.#lost }), reserve);
        this.#saved = states;
      }
      await this.#collect();
      if (this.#hasFailed) log.info({}, "acknowledgements are on disk again");
      this.#hasFailed = false;
    } catch (error) {
      this.#isDirty = true;
      if (!this.#hasFailed && !isMissing(error)) {
        log.warn(
          { error: messageOf(error) },
          "acknowledgements cannot be written: after a crash events come again",
        );
      }
      this.#hasFailed = true;
    }
  }

  async #collect(): Promise<void> {
    let lowest = Infinity;
    for (const { watermark } of this.#saved.values()) lowest = Math.min(lowest, watermark);
    if (lowest === Infinity) return;
    const before = this.log.firstSequence;
    await this.log.removeBelow(lowest + 1);
    if (this.log.firstSequence > before) await this.#parts.onRoom();
  }

  /** Waits for what is under way, writes the last places, and ends. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.log.close();
    await this.#waiting;
    await this.save();
  }
}
