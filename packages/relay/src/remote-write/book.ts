/**
 * Books on disk: what the numbers in the spool's records stand for. `<number>.book` is a header, `BELFRYLB` with a version
 * byte and seven of 0, then entries, each a group of series as it was described:
 *
 *     0   u32   CRC-32 of what follows, length included
 *     4   u32   length of the rest
 *     8   …     zstd of JSON: [[ref, name, labels, source labels], …]
 *
 * An entry is synced before a record that uses it is put into the spool. A torn entry at the end is one nobody uses. A
 * process begins a book of its own; books below every destination's place are deleted.
 *
 * Everything here waits for the disk: it runs in the thread of remote write.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Definition } from "./series-refs.ts";

const header = Buffer.from("BELFRYLB\u0001\0\0\0\0\0\0\0", "latin1");
const headBytes = 8;
/** Series of one entry. */
const group = 5000;

const bookName = /^(\d{1,10})\.book$/;

/** A book on disk. */
export interface FoundBook {
  readonly number: number;
  readonly bytes: number;
}

/** All books of a folder by their numbers. Makes the folder where there is none. Throws what the disk throws. */
export function listBooks(folder: string): readonly FoundBook[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder)
    .flatMap((name) => {
      const number = Number(bookName.exec(name)?.[1] ?? Number.NaN);
      return Number.isNaN(number) ? [] : [{ number, bytes: statSync(join(folder, name)).size }];
    })
    .toSorted((a, b) => a.number - b.number);
}

/** Deletes a book. */
export function removeBook(folder: string, number: number): void {
  rmSync(pathOf(folder, number), { force: true });
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${number}.book`);
}

/** The book that is being written. */
export class BookWriter implements Disposable {
  readonly number: number;
  readonly #file: number;
  #bytes: number;

  /** Begins a book; throws what the disk throws. */
  constructor(folder: string, number: number) {
    this.number = number;
    this.#file = openSync(pathOf(folder, number), "w", 0o600);
    try {
      writeAll(this.#file, header, 0);
      fdatasyncSync(this.#file);
      const entry = openSync(folder, "r");
      // The name of a new file is synced with its folder.
      try {
        fdatasyncSync(entry);
      } finally {
        closeSync(entry);
      }
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
    this.#bytes = header.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes and syncs. Where that fails it throws, and the same can be handed in again: it is written anew, in the same place. */
  append(definitions: readonly Definition[]): void {
    if (definitions.length === 0) return;
    const entries: Buffer[] = [];
    for (let i = 0; i < definitions.length; i += group) {
      entries.push(entryOf(definitions.slice(i, i + group)));
    }
    const bytes = Buffer.concat(entries);
    ftruncateSync(this.#file, this.#bytes);
    writeAll(this.#file, bytes, this.#bytes);
    fdatasyncSync(this.#file);
    this.#bytes += bytes.length;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function writeAll(file: number, bytes: Uint8Array, from: number): void {
  for (let at = 0; at < bytes.length;) {
    at += writeSync(file, bytes, at, bytes.length - at, from + at);
  }
}

function entryOf(definitions: readonly Definition[]): Buffer {
  const rows = definitions.map(({ ref, name, labels, sourceLabels }) => [
    ref,
    name,
    labels,
    sourceLabels,
  ]);
  const packed = zstdCompressSync(Buffer.from(JSON.stringify(rows)));
  const entry = Buffer.allocUnsafe(headBytes + packed.length);
  entry.writeUInt32LE(packed.length, 4);
  packed.copy(entry, headBytes);
  entry.writeUInt32LE(crc32(entry.subarray(4)), 0);
  return entry;
}

/** Reads a book from its beginning on, and further as it grows. */
export class BookReader implements Disposable {
  readonly number: number;
  readonly #file: number;
  #at = header.length;

  /** Throws `ENOENT` where the book is gone. */
  constructor(folder: string, number: number) {
    this.number = number;
    this.#file = openSync(pathOf(folder, number), "r");
  }

  /** What was written since the last call; ends before an entry that is torn or damaged. */
  *read(): Iterable<Definition> {
    for (;;) {
      const head = this.#bytesAt(this.#at, headBytes);
      if (head === undefined) return;
      const length = head.readUInt32LE(4);
      const rest = this.#bytesAt(this.#at + headBytes, length);
      if (rest === undefined) return;
      if (crc32(rest, crc32(head.subarray(4))) !== head.readUInt32LE(0)) return;
      this.#at += headBytes + length;
      yield* definitionsOf(rest);
    }
  }

  #bytesAt(from: number, length: number): Buffer | undefined {
    // A length that was never written whole may be any number.
    if (from + length > fstatSync(this.#file).size) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length;) {
      const count = readSync(this.#file, bytes, at, length - at, from + at);
      if (count === 0) return undefined;
      at += count;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Guarantee: a checksum held over what `entryOf` wrote. */
function definitionsOf(packed: Buffer): readonly Definition[] {
  const rows = JSON.parse(zstdDecompressSync(packed).toString()) as readonly [
    number,
    string,
    Record<string, string>,
    Record<string, string>,
  ][];
  return rows.map(([ref, name, labels, sourceLabels]) => ({ ref, name, labels, sourceLabels }));
}
