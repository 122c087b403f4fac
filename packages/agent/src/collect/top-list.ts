/** The largest few of many, without keeping the many. */
export class TopList<T> {
  readonly #size: number;
  readonly #items: { readonly value: number; readonly item: T }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes the item in if it is among the largest so far; `make` is asked only then. What is 0 or less never is. */
  offer(value: number, make: () => T): void {
    const items = this.#items;
    const smallest = items.at(-1)?.value ?? 0;
    if (!(value > 0) || (items.length >= this.#size && value <= smallest)) return;
    let place = items.length;
    while (place > 0 && (items[place - 1]?.value ?? 0) < value) place -= 1;
    items.splice(place, 0, { value, item: make() });
    if (items.length > this.#size) items.pop();
  }

  /** The largest first; of equal ones the one that came first. */
  items(): T[] {
    return this.#items.map(({ item }) => item);
  }
}
