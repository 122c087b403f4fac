/**
 * Bodies that a server has not taken yet, oldest first. They are in memory, compressed; with a folder they are in a
 * journal too, and a later process goes on with them. Bounded by age and by bytes; what is dropped is the oldest, and
 * counted.
 *
 * The journal is text, a line per record: `+ <number> <epoch ms> <deflated body in base64>` for what came, `- <number>` for
 * what went. It is written anew when most of it is history. Lines that cannot be read (the last one after a crash) are
 * left out. Every record is synced before `add` and `remove` resolve. A fault of the disk stops nothing.
 */
import { constants } from "node:fs";
import { mkdir, open, readFile, rename, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";

export interface BufferSettings {
  /** Its own folder; null: memory only. */
  readonly folder: string | null;
  /** Older bodies are dropped. */
  readonly maxAgeMs: number;
  /** Bytes of compressed bodies. */
  readonly maxBytes: number;
}

export interface BufferParts {
  /** Epoch ms. */
  readonly now: () => number;
  readonly warn: (fields: object, message: string) => void;
}

export interface Kept {
  readonly number: number;
  /** Epoch ms of its sample. */
  readonly at: number;
  readonly packed: Buffer;
}

export class ForwardBuffer implements AsyncDisposable {
  readonly #settings: BufferSettings;
  readonly #parts: BufferParts;
  #kept: Kept[] = [];
  #bytes = 0;
  #next = 1;
  #dropped = 0;
  #journal: FileHandle | null = null;
  /** Records in the journal, history included. */
  #records = 0;
  #hasFault = false;
  #work: Promise<void>;

  constructor(settings: BufferSettings, parts: BufferParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#work = this.#guarded(() => this.#open());
  }

  get size(): number {
    return this.#kept.length;
  }

  /** Bodies that were given up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What an earlier process left is there once this resolves. */
  ready(): Promise<void> {
    return this.#work;
  }

  oldest(): Kept | undefined {
    return this.#kept[0];
  }

  /** Keeps a body; `at` is when its sample was taken, epoch ms. */
  add(at: number, body: string): Promise<void> {
    return this.#do(async () => {
      const kept = { number: this.#next, at, packed: deflateRawSync(body) };
      this.#next += 1;
      this.#kept.push(kept);
      this.#bytes += kept.packed.length;
      const lines = [lineOf(kept), ...this.#dropTooMuch().map(goneLine)];
      await this.#append(lines);
    });
  }

  /** It is no longer needed. */
  remove(kept: Kept): Promise<void> {
    return this.#do(async () => {
      const place = this.#kept.indexOf(kept);
      // It may have been dropped while it was on its way.
      if (place < 0) return;
      this.#kept.splice(place, 1);
      this.#bytes -= kept.packed.length;
      await this.#append([goneLine(kept)]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    await this.#journal?.close();
    this.#journal = null;
  }

  #dropTooMuch(): Kept[] {
    const { maxAgeMs, maxBytes } = this.#settings;
    const before = this.#parts.now() - maxAgeMs;
    const gone: Kept[] = [];
    for (;;) {
      const oldest = this.#kept[0];
      if (oldest === undefined || (oldest.at >= before && this.#bytes <= maxBytes)) break;
      this.#kept.shift();
      this.#bytes -= oldest.packed.length;
      gone.push(oldest);
    }
    if (gone.length > 0 && this.#dropped === 0) {
      this.#parts.warn({}, "there is no room for more samples; the oldest are dropped");
    }
    this.#dropped += gone.length;
    return gone;
  }

  /** One piece of work after the other. */
  #do(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(() => this.#guarded(work));
    return this.#work;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#hasFault = false;
    } catch (error) {
      if (this.#hasFault) return;
      this.#hasFault = true;
      this.#parts.warn({ error }, "samples cannot be kept on disk; they are kept in memory");
    }
  }

  async #open(): Promise<void> {
    const { folder } = this.#settings;
    if (folder === null) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = new Map<number, Kept>();
    for (const line of (await readIfThere(join(folder, journalName))).split("\n")) {
      readLine(line, found);
    }
    const left = [...found.values()].toSorted((a, b) => a.number - b.number);
    this.#next = (left.at(-1)?.number ?? 0) + 1;
    this.#kept = left;
    this.#bytes = left.reduce((sum, { packed }) => sum + packed.length, 0);
    this.#dropTooMuch();
    await this.#rewrite(folder);
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { folder } = this.#settings;
    if (folder === null) return;
    const isHistory = this.#records > 2 * this.#kept.length + 100;
    if (this.#journal === null || isHistory || this.#hasFault) return this.#rewrite(folder);
    await this.#journal.appendFile(lines.join(""));
    this.#records += lines.length;
  }

  /** The whole journal anew, without history. */
  async #rewrite(folder: string): Promise<void> {
    await this.#journal?.close();
    this.#journal = null;
    const path = join(folder, journalName);
    const file = await open(`${path}.new`, create | constants.O_TRUNC, 0o600);
    try {
      await file.writeFile(this.#kept.map(lineOf).join(""));
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    this.#journal = await open(path, create | constants.O_APPEND, 0o600);
    this.#records = this.#kept.length;
  }
}

/** Every write is synced when it returns: under Node's permission model a file cannot be synced later. */
const create = constants.O_WRONLY | constants.O_CREAT | constants.O_DSYNC;
const journalName = "pending.journal";

/** The body that was kept. */
export function bodyOf({ packed }: Kept): string {
  return inflateRawSync(packed).toString("utf8");
}

function lineOf({ number, at, packed }: Kept): string {
  return `+ ${number} ${at} ${packed.toString("base64")}\n`;
}

function goneLine({ number }: Kept): string {
  return `- ${number}\n`;
}

function readLine(line: string, found: Map<number, Kept>): void {
  const [sign, digits = "", time = "", base64 = ""] = line.split(" ");
  const number = Number(digits);
  if (!Number.isSafeInteger(number) || number < 1) return;
  if (sign === "-") found.delete(number);
  if (sign !== "+" || !Number.isFinite(Number(time)) || base64 === "") return;
  const kept = { number, at: Number(time), packed: Buffer.from(base64, "base64") };
  try {
    bodyOf(kept);
    found.set(number, kept);
  } catch {
    // Torn by a crash: it was not acknowledged to anybody.
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
