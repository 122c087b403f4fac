/** A queue with a bound: when it is full, the oldest item makes room. */
export class BoundedQueue<T> {
  readonly #slots: (T | undefined)[];
  #first = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#slots = Array.from({ length: capacity }, () => undefined);
  }

  get length(): number {
    return this.#length;
  }

  /** The item that has waited longest. */
  get oldest(): T | undefined {
    return this.#slots[this.#first];
  }

  /** Adds an item; answers whether the oldest had to go for it. */
  add(item: T): boolean {
    const isFull = this.#length === this.#slots.length;
    if (isFull) this.remove(1);
    this.#slots[(this.#first + this.#length) % this.#slots.length] = item;
    this.#length += 1;
    return isFull;
  }

  /** Up to `count` items, oldest first, which stay in the queue. */
  peek(count: number): T[] {
    const items: T[] = [];
    for (let i = 0; i < Math.min(count, this.#length); i += 1) {
      const item = this.#slots[(this.#first + i) % this.#slots.length];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Drops up to `count` of the oldest items; answers how many there were. */
  remove(count: number): number {
    const removed = Math.min(count, this.#length);
    for (let i = 0; i < removed; i += 1) {
      this.#slots[this.#first] = undefined;
      this.#first = (this.#first + 1) % this.#slots.length;
    }
    this.#length -= removed;
    return removed;
  }
}
