/**
 * The latest ids, in bounded memory: two sets, of which the older is dropped when the newer is full. So at least half and
 * at most all of the stated number are known.
 */
export class KnownIds {
  readonly #half: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  /** `count`: how many ids are known at most; 0 knows none. */
  constructor(count: number) {
    this.#half = Math.ceil(count / 2);
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id);
  }

  add(id: string): void {
    if (this.#half === 0) return;
    if (this.#newer.size >= this.#half) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(id);
  }

  /** Takes back an id that was not stored in the end. */
  delete(id: string): void {
    this.#newer.delete(id);
    this.#older.delete(id);
  }
}
