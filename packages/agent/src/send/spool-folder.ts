/**
 * The files of a spool: an open log that grows by a record per sample, and files that are full, merged into one
 * compressed segment each. The bytes and names are on the page `SPOOL.md`. One caller at a time; whatever the disk
 * refuses is thrown, and leaves the samples where they were.
 */
import {
  constants,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  type FileHandle,
} from "node:fs/promises";
import { join } from "node:path";
import { keepAside } from "./keepsake.ts";
import { readRecords, recordOf, type FoundRecords } from "./record.ts";
import { mergeRuns, samplesIn, type Run } from "./run.ts";

export interface FileLimits {
  /** Samples after which a log is full. */
  readonly samplesInFile: number;
  /** Bytes after which it is. */
  readonly bytesInFile: number;
}

/** A file that is not written any more. */
export interface SpoolFile {
  readonly sequence: number;
  readonly name: string;
  readonly samples: number;
  /** Epoch ms of its first sample. */
  readonly firstAt: number;
  readonly bytes: number;
}

interface Log {
  readonly file: SpoolFile;
  readonly handle: FileHandle;
  samples: number;
  /** Bytes that are whole records. */
  bytes: number;
  firstAt: number;
  /** Hash of the list that stands in it last. */
  listHash: string;
}

/**
 * A write is over when its bytes are on disk: `fsync` and `fdatasync` are refused under Node's permission model. Systems
 * without the flag write without it.
 */
const synced = constants.O_DSYNC ?? 0;
const appending = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | synced;
const writing = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | synced;

const damagedFolder = "damaged";
/** Faults of one file, not of the disk or of this process. */
const unreadable: ReadonlySet<unknown> = new Set(["EIO", "EISDIR", "EACCES", "EPERM"]);

const logName = /^(\d{12})\.log$/;
const segmentName = /^(\d{12})-(\d{1,6})-(\d{1,16})\.seg$/;

export class SpoolFolder {
  readonly #folder: string;
  readonly #limits: FileLimits;
  /** Closed files, oldest first. */
  #files: SpoolFile[] = [];
  readonly #taken = new Set<number>();
  #log: Log | null = null;
  #nextSequence = 1;
  #isOpen = false;
  readonly #setAsidePieces = new Set<string>();
  /** Samples given up: for want of room, or with damage. */
  dropped = 0;
  /** Pieces of files that were no records. */
  damaged = 0;

  constructor(folder: string, limits: FileLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Whether what was left by an earlier process is known. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get samples(): number {
    return this.#files.reduce((sum, file) => sum + file.samples, this.#log?.samples ?? 0);
  }

  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, this.#log?.bytes ?? 0);
  }

  get oldestAt(): number | null {
    return (
      this.#files[0]?.firstAt ??
      (this.#log !== null && this.#log.samples > 0 ? this.#log.firstAt : null)
    );
  }

  /** Finds what an earlier process left: merges full logs, cuts the torn end of the last one and goes on with it. */
  async open(): Promise<void> {
    if (this.#isOpen) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#folder)).toSorted();
    for (const name of names.filter((one) => one.endsWith(".tmp")))
      await this.#unlinkIfPossible(name);
    const segments = await this.#segmentsOf(names);
    const merged = new Set(segments.map((file) => file.sequence));
    const logs = names.filter((name) => logName.test(name));
    this.#files = segments;
    this.#nextSequence = 1 + Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0));
    for (const name of logs) {
      const sequence = Number.parseInt(name, 10);
      // The segment was there before its log was gone.
      if (merged.has(sequence)) await this.#unlinkIfPossible(name);
      else await this.#adopt(name, sequence, name === logs.at(-1));
    }
    this.#files.sort((a, b) => a.sequence - b.sequence);
    this.#isOpen = true;
  }

  /** Appends a record. When it throws, nothing of it counts as written. */
  async append(run: Run): Promise<void> {
    await this.open();
    const log = (this.#log ??= await this.#startLog());
    const record = recordOf(run, log.listHash !== run.list.hash, false);
    try {
      await writeAll(log.handle, record);
    } catch (error) {
      await this.#cut(log);
      throw error;
    }
    if (log.samples === 0) log.firstAt = run.times[0] ?? 0;
    log.listHash = run.list.hash;
    log.samples += run.times.length;
    log.bytes += record.length;
    const { samplesInFile, bytesInFile } = this.#limits;
    if (log.samples >= samplesInFile || log.bytes >= bytesInFile) {
      await this.#merge(await this.#closeLog(log));
    }
  }

  /** The oldest file nobody has taken, with what is in it. The log is closed for it when there is no other. */
  async take(): Promise<{ readonly runs: readonly Run[]; readonly file: SpoolFile } | undefined> {
    await this.open();
    for (;;) {
      let file = this.#files.find(({ sequence }) => !this.#taken.has(sequence));
      if (file === undefined && this.#log !== null && this.#log.samples > 0) {
        file = await this.#closeLog(this.#log);
      }
      if (file === undefined) return undefined;
      const runs = await this.#read(file);
      if (runs.length > 0) {
        this.#taken.add(file.sequence);
        return { runs: mergeRuns(runs, this.#limits.samplesInFile), file };
      }
      this.dropped += file.samples;
      await this.remove(file);
    }
  }

  /** Deletes a file: its samples are no longer needed. One that cannot be deleted is given out by no one but a later process. */
  async remove(file: SpoolFile): Promise<void> {
    try {
      await this.#unlink(file.name);
    } finally {
      this.#taken.delete(file.sequence);
      this.#files = this.#files.filter((one) => one.sequence !== file.sequence);
    }
  }

  /** Its samples could not be sent; it is the oldest again. */
  async giveBack(file: SpoolFile): Promise<void> {
    this.#taken.delete(file.sequence);
  }

  /** Drops the oldest files until there are no more samples and bytes than these. */
  async keepWithin(maxSamples: number, maxBytes: number): Promise<void> {
    while (this.samples > maxSamples || this.bytes > maxBytes) {
      const oldest = this.#files.find(({ sequence }) => !this.#taken.has(sequence));
      if (oldest === undefined) return;
      this.dropped += oldest.samples;
      await this.remove(oldest);
    }
  }

  async close(): Promise<void> {
    await this.#log?.handle.close();
    this.#log = null;
    this.#isOpen = false;
  }

  /** Takes half a record away again; where even that fails, goes on in another file. */
  async #cut(log: Log): Promise<void> {
    try {
      await log.handle.truncate(log.bytes);
    } catch {
      await this.#closeLog(log);
    }
  }

  async #startLog(): Promise<Log> {
    const sequence = this.#nextSequence;
    const name = `${String(sequence).padStart(12, "0")}.log`;
    const handle = await open(join(this.#folder, name), appending, 0o600);
    this.#nextSequence += 1;
    await this.#syncFolder();
    const file = { sequence, name, samples: 0, firstAt: 0, bytes: 0 };
    return { file, handle, samples: 0, bytes: 0, firstAt: 0, listHash: "" };
  }

  async #closeLog(log: Log): Promise<SpoolFile> {
    const file: SpoolFile = {
      ...log.file,
      samples: log.samples,
      firstAt: log.firstAt,
      bytes: log.bytes,
    };
    this.#log = null;
    this.#files.push(file);
    await log.handle.close();
    return file;
  }

  /** Makes one compressed segment of a log. A log that cannot be merged now stays what it is. */
  async #merge(log: SpoolFile): Promise<void> {
    const runs = mergeRuns(await this.#read(log), this.#limits.samplesInFile);
    const samples = samplesIn(runs);
    if (samples === 0) return;
    const firstAt = runs[0]?.times[0] ?? 0;
    const name = `${String(log.sequence).padStart(12, "0")}-${samples}-${firstAt}.seg`;
    const bytes = Buffer.concat(runs.map((run) => recordOf(run, true, true)));
    const temporary = join(this.#folder, `${name}.tmp`);
    try {
      const handle = await open(temporary, writing, 0o600);
      try {
        await writeAll(handle, bytes);
      } finally {
        await handle.close();
      }
      await rename(temporary, join(this.#folder, name));
    } catch {
      await rm(temporary, { force: true });
      return;
    }
    await this.#syncFolder();
    const place = this.#files.findIndex(({ sequence }) => sequence === log.sequence);
    const segment = { sequence: log.sequence, name, samples, firstAt, bytes: bytes.length };
    this.#files.splice(place, 1, segment);
    await this.#unlink(log.name);
  }

  /** The runs of a file; what is damaged in it is set aside. */
  async #read(file: SpoolFile): Promise<readonly Run[]> {
    const bytes = await this.#bytesOf(file.name);
    if (bytes === undefined) return [];
    const { runs, damage } = readRecords(bytes);
    await this.#setAside(file.name, bytes, damage);
    return runs;
  }

  /** What is in a file; undefined for one that is gone, and for one that cannot be read, which is set aside. */
  async #bytesOf(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#folder, name));
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT") return undefined;
      if (!unreadable.has(code)) throw error;
      this.damaged += 1;
      await mkdir(join(this.#folder, damagedFolder), { recursive: true, mode: 0o700 });
      await rename(join(this.#folder, name), join(this.#folder, damagedFolder, name));
      return undefined;
    }
  }

  /** Keeps what is no record in a folder of its own, and counts it, once. */
  async #setAside(name: string, bytes: Buffer, damage: FoundRecords["damage"]): Promise<void> {
    for (const { from, to } of damage) {
      // The torn end of a log is what was being written when the process ended.
      if (to === bytes.length && name.endsWith(".log")) continue;
      const piece = `${name}-${from}`;
      if (this.#setAsidePieces.has(piece)) continue;
      this.#setAsidePieces.add(piece);
      this.damaged += 1;
      await keepAside(join(this.#folder, damagedFolder), piece, bytes.subarray(from, to));
    }
  }

  async #segmentsOf(names: readonly string[]): Promise<SpoolFile[]> {
    const files: SpoolFile[] = [];
    for (const name of names) {
      const [, sequence, samples, firstAt] = segmentName.exec(name) ?? [];
      if (sequence === undefined) continue;
      const { size } = await stat(join(this.#folder, name));
      files.push({
        sequence: Number(sequence),
        name,
        samples: Number(samples),
        firstAt: Number(firstAt),
        bytes: size,
      });
    }
    return files;
  }

  /** A log of an earlier process: the last one is gone on with, others are merged. */
  async #adopt(name: string, sequence: number, isLast: boolean): Promise<void> {
    const bytes = await this.#bytesOf(name);
    if (bytes === undefined) return;
    const { runs, damage } = readRecords(bytes);
    await this.#setAside(name, bytes, damage);
    const torn = damage.find(({ to }) => to === bytes.length)?.from ?? bytes.length;
    const samples = samplesIn(runs);
    const firstAt = runs[0]?.times[0] ?? 0;
    const file: SpoolFile = { sequence, name, samples, firstAt, bytes: torn };
    const { samplesInFile, bytesInFile } = this.#limits;
    if (!isLast || samples >= samplesInFile || torn >= bytesInFile) {
      this.#files.push(file);
      await this.#merge(file);
      return;
    }
    const handle = await open(join(this.#folder, name), appending, 0o600);
    if (torn < bytes.length) await handle.truncate(torn);
    const listHash = runs.at(-1)?.list.hash ?? "";
    this.#log = { file, handle, samples, bytes: torn, firstAt, listHash };
  }

  /** What is in the way of nobody may stay where it cannot be deleted. */
  async #unlinkIfPossible(name: string): Promise<void> {
    await this.#unlink(name).catch(() => undefined);
  }

  async #unlink(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
  }

  /** A new name in a folder outlives a power cut once the folder was synced; not every system can. */
  async #syncFolder(): Promise<void> {
    try {
      const handle = await open(this.#folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch {
      // Not under the permission model, on Windows and some network file systems; what is in the file is synced.
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
