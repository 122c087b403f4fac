/**
 * The files of one kind of record in a folder, one after the other. One is written at a time: that of the present time, and
 * of those the one with the highest number. What is in it when it is opened is read first (`ReadTail`): a torn end is cut
 * off, and a file with other columns or of somebody else's making is left as it is; the next number is begun.
 */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { openAppendFile, type AppendFile } from "./append-file.ts";
import { fileName, highestPart, titleAt, type Rotation, type Stem } from "./file-name.ts";
import { appendAll, fitting, type Row, type TakenRows } from "./fitting.ts";
import { NotAFile } from "./failure.ts";
import { createHeldIds } from "./held.ts";
import { makeFolder, syncFolder } from "./folder.ts";
import { idsInFormer } from "./former.ts";
import { filesOf, removeOldFiles, type Retention } from "./retention.ts";
import type { ReadTail } from "./tail.ts";

/** How records of one kind are in a file. */
export interface FileForm {
  readonly extension: string;
  /** Of this and of other settings of the same sink: files that retention removes. */
  readonly extensions: readonly string[];
  /** What a file begins with. */
  readonly head: Uint8Array;
  /** The batch is one piece of the file, which cannot be cut where a file becomes full. */
  readonly isWhole: boolean;
  textOf(record: SinkRecord): string;
  /** The bytes of a batch. */
  encode(texts: readonly string[]): Promise<Uint8Array>;
  readonly readTail: ReadTail;
}

export interface SeriesSettings extends Retention {
  readonly folder: string;
  readonly rotation: Rotation;
  /** Undefined: without a bound. */
  readonly maxBytes: number | undefined;
}

export interface FileSeries extends AsyncDisposable {
  /** Appends records, on disk when it resolves. Never rejects for what the system does. */
  append(records: readonly SinkRecord[], signal: AbortSignal): Promise<TakenRows>;
}

/** Makes nothing: folder and file are opened at the first append. */
export function createFileSeries(
  settings: SeriesSettings,
  { stem, form }: { readonly stem: Stem; readonly form: FileForm },
  parts: Pick<EventSinkParts, "clock" | "log">,
): FileSeries {
  const series = new Series(settings, stem, form, parts);
  return {
    append: (records, signal) => series.append(records, signal),
    [Symbol.asyncDispose]: () => series.close(),
  };
}

interface Current {
  readonly title: string;
  readonly part: number;
  readonly file: AppendFile;
}

class Series {
  readonly #settings: SeriesSettings;
  readonly #stem: Stem;
  readonly #form: FileForm;
  readonly #parts: Pick<EventSinkParts, "clock" | "log">;
  #current: Current | undefined;
  /** Parts of this title below this one are full. */
  #least = { title: "", part: 0 };
  readonly #held = createHeldIds();
  #isFirst = true;

  constructor(
    settings: SeriesSettings,
    stem: Stem,
    form: FileForm,
    parts: Pick<EventSinkParts, "clock" | "log">,
  ) {
    this.#settings = settings;
    this.#stem = stem;
    this.#form = form;
    this.#parts = parts;
  }

  append(records: readonly SinkRecord[], signal: AbortSignal): Promise<TakenRows> {
    const rows = records.map((record) => ({ id: record.id, text: this.#form.textOf(record) }));
    const appendSome = (all: readonly Row[], first: number): Promise<number> =>
      this.#appendSome(all, first);
    return appendAll(rows, { appendSome, held: this.#held }, signal);
  }

  async close(): Promise<void> {
    const closing = this.#current;
    this.#current = undefined;
    await closing?.file[Symbol.asyncDispose]();
  }

  async #appendSome(rows: readonly Row[], first: number): Promise<number> {
    const { title, part, file } = await this.#opened();
    const skipped = this.#held.skip(rows, first);
    if (skipped > 0) return skipped;
    const { head, isWhole } = this.#form;
    const begin = file.size === 0 ? head : new Uint8Array(0);
    const room = (this.#settings.maxBytes ?? Number.POSITIVE_INFINITY) - file.size - begin.length;
    let count = fitting(rows, first, { room, held: this.#held });
    if (isWhole && file.size > 0 && room < Number.POSITIVE_INFINITY) {
      const all = fitting(rows, first, { room: Number.POSITIVE_INFINITY, held: this.#held });
      if (count < all) count = 0;
    }
    if (count === 0 && file.size > 0) {
      this.#least = { title, part: part + 1 };
      await this.close();
      return 0;
    }
    const piece = rows.slice(first, first + Math.max(count, 1));
    const bytes = await this.#form.encode(piece.map(({ text }) => text));
    await file.append(begin.length === 0 ? bytes : Buffer.concat([begin, bytes]));
    return piece.length;
  }

  async #opened(): Promise<Current> {
    const title = titleAt(this.#parts.clock.now(), this.#stem, this.#settings.rotation);
    const current = this.#current;
    if (current?.title === title && current.file.isWhole && (await current.file.isInPlace())) {
      return current;
    }
    await this.close();
    const { folder } = this.#settings;
    await makeFolder(folder);
    const names = await readdir(folder);
    const least = this.#least.title === title ? this.#least.part : 0;
    let part = Math.max(least, highestPart(names, title, this.#form.extension));
    let file = await this.#open(title, part);
    while (file === undefined) {
      part += 1;
      file = await this.#open(title, part);
    }
    this.#current = { title, part, file };
    if (this.#isFirst) await this.#learnFormer(file);
    this.#isFirst = false;
    await this.#removeOld(fileName(title, part, this.#form.extension));
    return this.#current;
  }

  /** Learns what the newest file but this one holds. */
  async #learnFormer(file: AppendFile): Promise<void> {
    const { folder } = this.#settings;
    const { extension, readTail } = this.#form;
    const [former] = await filesOf(folder, this.#stem, [extension], basename(file.path));
    if (former === undefined) return;
    const { log } = this.#parts;
    this.#held.learn(await idsInFormer(file, join(folder, former.name), { readTail, log }));
  }

  /** Opens a file and mends its end; undefined when it is not one to go on with. */
  async #open(title: string, part: number): Promise<AppendFile | undefined> {
    const { folder } = this.#settings;
    const path = join(folder, fileName(title, part, this.#form.extension));
    await using stack = new AsyncDisposableStack();
    const file = stack.use(await openAppendFile(path));
    if (!file.isRegular) throw new NotAFile(`${path} is not a regular file`);
    if (file.size === 0) await syncFolder(folder);
    else {
      const tail = await this.#form.readTail(file);
      if (tail === undefined) return undefined;
      const bytes = file.size - tail.end;
      if (bytes > 0) {
        this.#parts.log.warn({ path, bytes }, "a torn end of a file was cut off");
        await file.cut(tail.end);
      }
      this.#held.learn(tail.ids);
    }
    stack.move();
    return file;
  }

  /** What cannot be removed stays, and is told; it stops no record. */
  async #removeOld(current: string): Promise<void> {
    const { folder } = this.#settings;
    const { extensions } = this.#form;
    const now = this.#parts.clock.now();
    try {
      const files = { folder, stem: this.#stem, extensions, current, now };
      const removed = await removeOldFiles(files, this.#settings);
      if (removed.length > 0) this.#parts.log.info({ folder, removed }, "old files were removed");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.warn({ folder, why }, "old files could not be removed");
    }
  }
}
