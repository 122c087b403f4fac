/** What the numbers in records stand for, for one destination: the labels its requests carry. */
import { BookReader } from "./book.ts";
import { LabelTable } from "./label-table.ts";
import type { Relabel } from "./relabel.ts";

/** Reads books as records name them; has one at a time. */
export class Labels implements Disposable {
  readonly #folder: string;
  readonly #relabel: Relabel;
  #reader: BookReader | undefined;
  #missing: number | undefined;
  #table = new LabelTable();

  constructor(folder: string, relabel: Relabel) {
    this.#folder = folder;
    this.#relabel = relabel;
  }

  /** Bytes of labels in memory. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** The labels of a book as far as it is written; undefined where it is gone. Throws what the disk throws. */
  of(book: number): LabelTable | undefined {
    if (this.#missing === book) return undefined;
    if (this.#reader?.number !== book) {
      this.#reader?.[Symbol.dispose]();
      this.#reader = undefined;
      this.#table = new LabelTable();
      try {
        this.#reader = new BookReader(this.#folder, book);
      } catch (error) {
        if (!isMissing(error)) throw error;
        this.#missing = book;
        return undefined;
      }
    }
    for (const { ref, ...key } of this.#reader.read()) this.#table.set(ref, this.#relabel(key));
    return this.#table;
  }

  [Symbol.dispose](): void {
    this.#reader?.[Symbol.dispose]();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
