/**
 * What belongs to the names in a kernel file (devices, cores, keys), found by their bytes. A file lists its names in the
 * same order round after round, so the next name is compared with the one that came next before; only where the order
 * changed is a string made and looked up.
 *
 * What was made for a name is kept only while the name is there every round, as slots of a section are: when it comes
 * back it is made anew.
 */
import type { Section } from "../sample/series-table.ts";
import type { Scan } from "./scan.ts";

interface Entry<T> {
  readonly name: string;
  readonly bytes: Buffer;
  readonly value: T;
  /** The section's round in which the name was last there. */
  round: number;
}

export class Named<T> {
  readonly #section: Section;
  readonly #make: (name: string) => T;
  #entries: Entry<T>[] = [];
  #next = 0;
  #found = 0;

  /** `make` is asked once for a name that appears. */
  constructor(section: Section, make: (name: string) => T) {
    this.#section = section;
    this.#make = make;
  }

  /** Begins a file: what comes next is its first name. */
  begin(): void {
    if (this.#entries.length > this.#found + 16) this.#prune();
    this.#next = 0;
    this.#found = 0;
  }

  /** What belongs to the word just read. */
  find(scan: Scan): T {
    this.#found += 1;
    const expected = this.#entries[this.#next];
    if (expected === undefined || !isWord(scan, expected.bytes)) return this.#search(scan.text());
    return this.#use(expected, this.#next);
  }

  #search(name: string): T {
    const index = this.#entries.findIndex((entry) => entry.name === name);
    const entry = this.#entries[index];
    return entry === undefined ? this.#add(name, this.#next) : this.#use(entry, index);
  }

  #use(entry: Entry<T>, index: number): T {
    this.#next = index + 1;
    const { round } = this.#section;
    if (entry.round < round - 1) {
      this.#entries.splice(index, 1);
      return this.#add(entry.name, index);
    }
    entry.round = round;
    return entry.value;
  }

  #add(name: string, index: number): T {
    const { round } = this.#section;
    const entry = { name, bytes: Buffer.from(name), value: this.#make(name), round };
    this.#entries.splice(index, 0, entry);
    this.#next = index + 1;
    return entry.value;
  }

  #prune(): void {
    const { round } = this.#section;
    this.#entries = this.#entries.filter((entry) => entry.round >= round - 1);
  }
}

function isWord({ bytes, wordStart, wordEnd }: Scan, name: Buffer): boolean {
  const { length } = name;
  if (wordEnd - wordStart !== length) return false;
  for (let i = 0; i < length; i += 1) if (bytes[wordStart + i] !== name[i]) return false;
  return true;
}
