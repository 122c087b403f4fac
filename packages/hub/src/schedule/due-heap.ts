/**
 * A binary heap of things that fall due, smallest first, with removal from anywhere. Each item remembers its own place
 * (`heapIndex`), so adding, moving and removing cost O(log n) and no look-up table.
 */
export interface Due {
  /** Monotonic ms. */
  dueAt: number;
  /** Where the heap keeps it; -1 while it is in no heap. Only the heap writes this. */
  heapIndex: number;
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that is due first. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Puts an item in, or moves it after its `dueAt` changed. */
  put(item: T): void {
    if (item.heapIndex === -1) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#down(this.#up(item.heapIndex));
  }

  /** Takes an item out; nothing happens if it is not in. */
  remove(item: T): void {
    const index = item.heapIndex;
    if (index === -1) return;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#set(index, last);
    this.#down(this.#up(index));
  }

  #set(index: number, item: T): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #up(from: number): number {
    const item = this.#items[from];
    if (item === undefined) return from;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || parent.dueAt <= item.dueAt) break;
      this.#set(index, parent);
      index = parentIndex;
    }
    this.#set(index, item);
    return index;
  }

  #down(from: number): void {
    const item = this.#items[from];
    if (item === undefined) return;
    let index = from;
    for (;;) {
      const left = this.#items[2 * index + 1];
      const right = this.#items[2 * index + 2];
      const child =
        right !== undefined && left !== undefined && right.dueAt < left.dueAt ? right : left;
      if (child === undefined || child.dueAt >= item.dueAt) break;
      const childIndex = child.heapIndex;
      this.#set(index, child);
      index = childIndex;
    }
    this.#set(index, item);
  }
}
