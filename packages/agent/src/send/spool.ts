/**
 * Samples that a hub has not taken yet, oldest first. They are on disk where there is a folder, else (and while the disk
 * fails) in memory; both are bounded, and what is dropped is the oldest, and counted. The files are on the page
 * `SPOOL.md`, with what is synced when. Nothing here throws: a fault of the disk is logged once, shown, and tried
 * again.
 *
 * All work on files is done one piece after the other, in the order it was asked for; nothing of it blocks the loop.
 */
import { mergeRuns, samplesIn, splitRun, type Run } from "./run.ts";
import { SpoolFolder, type SpoolFile } from "./spool-folder.ts";
import type { After } from "./timer.ts";

export interface SpoolSettings {
  /** Its own folder; null: memory only. */
  readonly folder: string | null;
  /** Samples on disk at most. */
  readonly maxSamples: number;
  /** Bytes on disk at most. */
  readonly maxBytes: number;
  /** Samples in memory at most, while there is no disk. */
  readonly maxInMemory: number;
}

export interface SpoolParts {
  readonly after: After;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** The oldest samples, taken to be sent. `settle` says what became of them. */
export interface Taken {
  readonly runs: readonly Run[];
  /** null: they were in memory. */
  readonly file: SpoolFile | null;
}

export interface SpoolStats {
  /** Samples that wait, those that are being sent included. */
  readonly samples: number;
  /** Of them those in memory only. */
  readonly inMemory: number;
  readonly bytes: number;
  /** Epoch ms of the oldest sample; null when there is none. */
  readonly oldestAt: number | null;
  /** Samples given up because there were too many. */
  readonly dropped: number;
  /** Damaged pieces of files, set aside. */
  readonly damaged: number;
  /** What is wrong with the disk; null: nothing. */
  readonly fault: string | null;
}

/** Samples in one file. */
const samplesInFile = 120;
/** Values in memory at most: 16 MB. */
const mostValuesInMemory = 2_000_000;
/** Ms until a disk that failed is tried again. */
const tryAgainMs = 10_000;

export class Spool {
  readonly #settings: SpoolSettings;
  readonly #parts: SpoolParts;
  readonly #folder: SpoolFolder | null;
  /** Not on disk (yet), oldest first. */
  #waiting: Run[] = [];
  /** Being written at this moment; older than what waits. */
  #writing: Run | undefined;
  /** Taken from memory. */
  #takenInMemory: readonly Run[] = [];
  #dropped = 0;
  #fault: string | null = null;
  #retry: Disposable | null = null;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  #toldDamage = 0;

  constructor(settings: SpoolSettings, parts: SpoolParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { folder, maxSamples, maxBytes } = settings;
    this.#folder =
      folder === null
        ? null
        : new SpoolFolder(folder, {
            samplesInFile: Math.max(1, Math.min(samplesInFile, Math.floor(maxSamples / 4))),
            bytesInFile: Math.max(1024, Math.min(4 * 1024 * 1024, Math.floor(maxBytes / 8))),
          });
    void this.#do((disk) => this.#open(disk), true);
  }

  /** Takes in samples; they are on their way to disk when it returns. */
  add(runs: readonly Run[]): void {
    this.#waiting.push(...runs);
    this.#boundMemory();
    if (this.#fault === null) this.#write();
  }

  /** The oldest samples that nobody has taken; undefined when there are none. */
  async next(): Promise<Taken | undefined> {
    if (this.#isClosed) return undefined;
    let taken: Taken | undefined;
    await this.#do(async (disk) => {
      const found = await disk.take();
      if (found !== undefined) taken = found;
      this.#tellDamage(disk);
    });
    // While the disk works, what is in memory is on its way there.
    const hasDisk = this.#folder !== null && this.#fault === null;
    return taken ?? (hasDisk ? undefined : this.#takeFromMemory());
  }

  /** `sent`: they are no longer needed. `kept`: they could not be sent now. */
  async settle(taken: Taken, outcome: "sent" | "kept"): Promise<void> {
    const { file } = taken;
    if (file !== null) {
      await this.#do((disk) => (outcome === "sent" ? disk.remove(file) : disk.giveBack(file)));
      return;
    }
    this.#takenInMemory = [];
    if (outcome === "sent") return;
    // Apart again, so that the oldest of them can be dropped alone.
    this.#waiting = [...taken.runs.flatMap((run) => splitRun(run, 1)), ...this.#waiting];
    this.#boundMemory();
  }

  stats(): SpoolStats {
    const disk = this.#folder;
    const runs = [
      ...this.#takenInMemory,
      ...(this.#writing === undefined ? [] : [this.#writing]),
      ...this.#waiting,
    ];
    const inMemory = samplesIn(runs);
    return {
      samples: inMemory + (disk?.samples ?? 0),
      inMemory,
      bytes: disk?.bytes ?? 0,
      oldestAt: disk?.oldestAt ?? runs[0]?.times[0] ?? null,
      dropped: this.#dropped + (disk?.dropped ?? 0),
      damaged: disk?.damaged ?? 0,
      fault: this.#fault,
    };
  }

  /** Writes what is in memory. What is added later stays there, and nothing is given out any more. */
  async close(): Promise<void> {
    this.#retry?.[Symbol.dispose]();
    this.#write();
    this.#isClosed = true;
    await this.#do((disk) => disk.close());
  }

  #takeFromMemory(): Taken | undefined {
    if (this.#takenInMemory.length > 0) return undefined;
    const [oldest, ...others] = mergeRuns(this.#waiting, samplesInFile);
    if (oldest === undefined) return undefined;
    this.#waiting = others;
    this.#takenInMemory = [oldest];
    return { runs: [oldest], file: null };
  }

  #write(): void {
    if (this.#folder === null || this.#isClosed) return;
    void this.#do(async (disk) => {
      while (this.#waiting.length > 0) {
        await this.#writeOldest(disk);
        await disk.keepWithin(this.#settings.maxSamples, this.#settings.maxBytes);
      }
    }, true);
  }

  async #writeOldest(disk: SpoolFolder): Promise<void> {
    const run = this.#waiting.shift();
    this.#writing = run;
    try {
      if (run !== undefined) await disk.append(run);
    } catch (error) {
      if (run !== undefined) this.#waiting.unshift(run);
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }

  async #open(disk: SpoolFolder): Promise<void> {
    await disk.open();
    await disk.keepWithin(this.#settings.maxSamples, this.#settings.maxBytes);
    this.#tellDamage(disk);
  }

  /**
   * One piece of work on files, after all others. A failure is a fault of the disk: told once, tried again. It is over
   * when something could be written: reading and deleting go on working on a full disk.
   */
  #do(work: (disk: SpoolFolder) => Promise<void>, writes = false): Promise<void> {
    const disk = this.#folder;
    if (disk === null) return Promise.resolve();
    this.#work = this.#work.then(async () => {
      try {
        await work(disk);
        if (writes) this.#tellFault(null);
      } catch (error) {
        this.#tellFault(error instanceof Error ? error.message : String(error));
      }
    });
    return this.#work;
  }

  #tellFault(fault: string | null): void {
    const before = this.#fault;
    this.#fault = fault;
    if (fault === null) {
      if (before === null) return;
      this.#parts.log.info({ folder: this.#settings.folder }, "samples are kept on disk again");
      this.#write();
      return;
    }
    if (before === null) {
      this.#parts.log.warn(
        { folder: this.#settings.folder, error: fault },
        "samples cannot be kept on disk; they wait in memory, and the oldest are dropped",
      );
    }
    if (this.#isClosed) return;
    this.#retry?.[Symbol.dispose]();
    this.#retry = this.#parts.after(tryAgainMs, () => {
      if (this.#waiting.length > 0) this.#write();
      else void this.#do((disk) => this.#open(disk), true);
    });
  }

  #tellDamage(disk: SpoolFolder): void {
    if (disk.damaged === this.#toldDamage) return;
    this.#toldDamage = disk.damaged;
    this.#parts.log.warn(
      { folder: this.#settings.folder, damaged: disk.damaged },
      "part of the kept samples is damaged; it was set aside",
    );
  }

  #boundMemory(): void {
    const { maxInMemory } = this.#settings;
    let samples = samplesIn(this.#waiting);
    let values = this.#waiting.reduce((sum, run) => sum + run.values.length, 0);
    while (samples > maxInMemory || (values > mostValuesInMemory && this.#waiting.length > 1)) {
      const oldest = this.#waiting.shift();
      if (oldest === undefined) return;
      samples -= oldest.times.length;
      values -= oldest.values.length;
      this.#dropped += oldest.times.length;
    }
  }
}
