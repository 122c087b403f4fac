/**
 * What happens in the thread of remote write: batches are written to the spool, and each destination is sent them at its
 * own pace.
 *
 *     remote-write/spool/        records (see `record.ts`), and how far each destination is
 *     remote-write/labels/       books: what the numbers in records stand for (see `book.ts`)
 *     remote-write/progress/     how far each destination is, to the window (see `progress.ts`)
 *
 * A batch is stored when its series are synced in a book and its records in the spool. While the disk takes nothing the
 * batch is kept and tried again; what comes meanwhile waits in the hub's thread, which has a bound (see `gather.ts`).
 */
import { join } from "node:path";
import { createDirectDisk } from "../spool/direct-disk.ts";
import type { SpoolParts } from "../spool/settings.ts";
import { spoolDefaults } from "../spool/settings.ts";
import { openSpool, type Spool } from "../spool/spool.ts";
import { BookWriter, listBooks, removeBook, type FoundBook } from "./book.ts";
import { Destination } from "./destination.ts";
import type { Gathered } from "./gather.ts";
import { Progress, removeProgress } from "./progress.ts";
import { encodeRecord, readHead } from "./record.ts";
import type { RemoteWriteSettings } from "./settings.ts";
import type { RemoteWriteStatus } from "./status.ts";

export interface StoreSettings {
  readonly destinations: readonly RemoteWriteSettings[];
  readonly folder: string;
  /** Most bytes of records; then the oldest are given up, counted. Books may take a quarter of that besides. */
  readonly quotaBytes: number;
}

export type StoreParts = Pick<SpoolParts, "log" | "clock" | "sleep"> & {
  /** 0 to 1. */
  readonly random: () => number;
};

/** Samples of one record: small enough that a destination need not hold many more than it sends at once. */
const samplesOfRecord = 20_000;
const retryMs = 1000;
const drainMs = 2000;

/** Opens the spool and begins to send. Throws `SpoolError` when the spool cannot be opened. */
export async function openRemoteWriteStore(
  settings: StoreSettings,
  parts: StoreParts,
): Promise<RemoteWriteStore> {
  const { folder, quotaBytes } = settings;
  await using stack = new AsyncDisposableStack();
  const segmentBytes = Math.min(spoolDefaults.segmentBytes, Math.floor(quotaBytes / 16));
  const spool = stack.use(
    await openSpool(
      {
        folder: join(folder, "spool"),
        quotaBytes,
        segmentBytes,
        whenFull: "drop_oldest",
        // Ids are made here and never come twice.
        knownIds: 1,
      },
      { ...parts, disk: createDirectDisk() },
    ),
  );
  const store = new RemoteWriteStore(settings, parts, spool);
  await store.open();
  const running = stack.move();
  store.onEnd(() => running.disposeAsync());
  return store;
}

/** See the top of the file. Made by `openRemoteWriteStore`. */
export class RemoteWriteStore implements AsyncDisposable {
  readonly #settings: StoreSettings;
  readonly #parts: StoreParts;
  readonly #spool: Spool;
  readonly #booksFolder: string;
  readonly #stop = new AbortController();
  readonly #destinations: Destination[] = [];
  readonly #session = crypto.randomUUID();
  #end: () => Promise<void> = () => Promise.resolve();
  /** The books on disk but for the one that is written. */
  #books: readonly FoundBook[] = [];
  #book: BookWriter | undefined;
  #nextBook = 1;
  #total = 0;
  #records = 0;
  #failure: string | null = null;
  #putting: Promise<void> = Promise.resolve();

  constructor(settings: StoreSettings, parts: StoreParts, spool: Spool) {
    this.#settings = settings;
    this.#parts = parts;
    this.#spool = spool;
    this.#booksFolder = join(settings.folder, "labels");
  }

  /** Called once, by whoever made it. */
  async open(): Promise<void> {
    this.#books = listBooks(this.#booksFolder);
    this.#nextBook = (this.#books.at(-1)?.number ?? 0) + 1;
    const last = await this.#spool.last();
    const head = last === undefined ? undefined : readHead(last.bytes);
    if (head !== undefined) {
      this.#total = head.before + head.samples;
      this.#nextBook = Math.max(this.#nextBook, head.book + 1);
    }
    await this.#forgetOthers();
    const folder = join(this.#settings.folder, "progress");
    const known = new Set(this.#spool.cursorNames());
    for (const settings of this.#settings.destinations) {
      // Without a place in the spool it begins with what comes from now on.
      if (!known.has(settings.name)) removeProgress(folder, settings.name);
      const progress = new Progress(folder, settings.name);
      // New records come after everything that any destination is done with.
      this.#total = Math.max(this.#total, progress.found?.underWay ?? 0);
      const destination = new Destination({
        ...this.#parts,
        settings,
        progress,
        cursor: await this.#spool.cursor(settings.name, { from: "end" }),
        booksFolder: this.#booksFolder,
        total: () => this.#total,
        writtenBook: () => this.#book?.number,
      });
      this.#destinations.push(destination);
    }
    for (const one of this.#destinations) one.start();
  }

  /** The place of a destination that was taken out of the settings is given up: nobody would take what waits for it. */
  async #forgetOthers(): Promise<void> {
    const names = new Set(this.#settings.destinations.map(({ name }) => name));
    for (const [destination, { depth }] of Object.entries(this.#spool.stats().cursors)) {
      if (names.has(destination)) continue;
      await this.#spool.forgetCursor(destination);
      if (depth > 0) {
        this.#parts.log.warn(
          { destination },
          "what waited for a destination that is gone was given up",
        );
      }
    }
  }

  onEnd(end: () => Promise<void>): void {
    this.#end = end;
  }

  /** Stores a batch; resolves when it is on disk, or when everything ends before. Batches follow each other. */
  put(batch: Gathered): Promise<void> {
    this.#putting = this.#putting.then(() => this.#put(batch));
    return this.#putting;
  }

  async #put(batch: Gathered): Promise<void> {
    let isDescribed = false;
    let mustBegin = batch.isNewBook;
    for (let at = 0; at < batch.refs.length;) {
      try {
        if (mustBegin) this.#beginBook();
        mustBegin = false;
        if (!isDescribed) this.#book?.append(batch.definitions);
        isDescribed = true;
        at = await this.#append(batch, at);
        this.#succeeded();
      } catch (error) {
        this.#tell(error instanceof Error ? error.message : String(error));
        if (this.#stop.signal.aborted) return;
        await this.#parts.sleep(retryMs, this.#stop.signal).catch(() => undefined);
      }
    }
    this.#removeBooks();
  }

  /** Puts the next record of a batch into the spool; where the one after it begins. Throws when it is not taken. */
  async #append({ refs, times, values }: Gathered, from: number): Promise<number> {
    const to = Math.min(refs.length, from + samplesOfRecord);
    const book = this.#book?.number ?? 0;
    const bytes = encodeRecord(
      {
        refs: refs.subarray(from, to),
        times: times.subarray(from, to),
        values: values.subarray(from, to),
      },
      { book, before: this.#total },
    );
    const id = `${this.#session}:${this.#records}`;
    // Before it is stored, so that nobody who reads it finds it beyond the end.
    this.#total += to - from;
    const answer = await this.#spool.append([{ id, bytes }]);
    if (answer.kind === "refused") {
      this.#total -= to - from;
      throw new Error(answer.message);
    }
    this.#records += 1;
    return to;
  }

  #beginBook(): void {
    const book = new BookWriter(this.#booksFolder, this.#nextBook);
    this.#nextBook += 1;
    if (this.#book !== undefined) {
      const { number, bytes } = this.#book;
      this.#books = [...this.#books, { number, bytes }];
      this.#book[Symbol.dispose]();
    }
    this.#book = book;
  }

  /** Books nobody needs, and the oldest of all where they take more than a quarter of what records may. */
  #removeBooks(): void {
    const needed = this.#destinations.map((one) => one.neededBook ?? 0);
    const lowest = Math.min(...needed, this.#book?.number ?? 0);
    let bytes = this.#labelBytes();
    this.#books = this.#books.filter((book) => {
      const isOver = bytes > this.#settings.quotaBytes / 4;
      if (book.number >= lowest && !isOver) return true;
      removeBook(this.#booksFolder, book.number);
      bytes -= book.bytes;
      return false;
    });
  }

  #labelBytes(): number {
    return this.#books.reduce((sum, { bytes }) => sum + bytes, this.#book?.bytes ?? 0);
  }

  #tell(why: string): void {
    if (this.#failure === null) {
      this.#parts.log.warn({ why }, "samples for remote write cannot be stored; trying again");
    }
    this.#failure = why;
  }

  #succeeded(): void {
    if (this.#failure !== null)
      this.#parts.log.info({}, "samples for remote write are stored again");
    this.#failure = null;
  }

  status(): Pick<RemoteWriteStatus, "destinations" | "spool"> {
    const { bytes, quotaBytes, records } = this.#spool.stats();
    return {
      destinations: this.#destinations.map((one) => one.status()),
      spool: {
        bytes,
        quotaBytes,
        records,
        labelBytes: this.#labelBytes(),
        failure: this.#failure === null ? null : { message: this.#failure },
      },
    };
  }

  /** Sends what is left for two seconds at most where a destination takes it; the rest stays on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, sleep } = this.#parts;
    const until = clock.monotonicMs() + drainMs;
    const never = new AbortController().signal;
    const isBusy = (one: Destination): boolean => {
      const { pending, trouble } = one.status();
      return pending > 0 && trouble === null;
    };
    while (clock.monotonicMs() < until && this.#destinations.some(isBusy)) await sleep(20, never);
    this.#stop.abort();
    await this.#putting;
    for (const one of this.#destinations) await one[Symbol.asyncDispose]();
    this.#book?.[Symbol.dispose]();
    await this.#end();
  }
}
