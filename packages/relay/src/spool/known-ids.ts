/**
 * The latest ids, in bounded memory: two tables, of which the older is dropped when the newer is full. So at least half and
 * at most all of the stated number are known.
 *
 * An id is kept as 96 bits of a hash, in arrays of numbers: kept as texts, 100,000 ids are most of what the garbage
 * collector has to look at. That two of a hundred thousand ids have the same 96 bits is less likely than 10^-19.
 */
export class KnownIds {
  readonly #half: number;
  #newer: HashTable;
  #older: HashTable;

  /** `count`: how many ids are known at most; 0 knows none. */
  constructor(count: number) {
    this.#half = Math.ceil(count / 2);
    this.#newer = new HashTable(this.#half);
    this.#older = new HashTable(this.#half);
  }

  has(id: string): boolean {
    if (this.#half === 0) return false;
    readHash(id);
    return this.#newer.has() || this.#older.has();
  }

  add(id: string): void {
    if (this.#half === 0) return;
    if (this.#newer.size >= this.#half) {
      const older = this.#older;
      this.#older = this.#newer;
      older.clear();
      this.#newer = older;
    }
    readHash(id);
    this.#newer.add();
  }

  /** Takes back an id that was not stored in the end. */
  delete(id: string): void {
    readHash(id);
    this.#newer.delete();
    this.#older.delete();
  }
}

/** The hash of the id that was read last; `first` is never 0. In variables: an object for each id would be garbage. */
let first = 0;
let second = 0;
let third = 0;

/** Three independent multiplicative hashes over the UTF-16 units, each mixed at the end as MurmurHash3 does. */
function readHash(id: string): void {
  let a = 0x9e3779b1 ^ id.length;
  let b = 0x85ebca77 ^ id.length;
  let c = 0xc2b2ae3d ^ id.length;
  for (let i = 0; i < id.length; i += 1) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0x85ebca6b);
    b ^= b >>> 13;
    c = Math.imul(c ^ unit, 0x27d4eb2f);
    c ^= c >>> 14;
  }
  first = mixed(a ^ Math.imul(c, 0x165667b1)) || 1;
  second = mixed(b ^ Math.imul(a, 0x2c1b3c6d));
  third = mixed(c ^ Math.imul(b, 0x297a2d39));
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Open addressing, at most half full. A slot is three numbers; the first is 0 where nothing is, or nothing any more. */
class HashTable {
  readonly #slots: Int32Array;
  readonly #mask: number;
  size = 0;

  constructor(most: number) {
    const count = most === 0 ? 0 : 2 ** Math.ceil(Math.log2(most * 2));
    this.#slots = new Int32Array(count * 3);
    this.#mask = count - 1;
  }

  has(): boolean {
    return this.#find() >= 0;
  }

  /** Where the hash is, or −1. */
  #find(): number {
    const slots = this.#slots;
    for (let at = first & this.#mask; ; at = (at + 1) & this.#mask) {
      const found = slots[at * 3];
      if (found === 0 && slots[at * 3 + 1] === 0) return -1;
      if (found === first && slots[at * 3 + 1] === second && slots[at * 3 + 2] === third) return at;
    }
  }

  add(): void {
    if (this.has()) return;
    const slots = this.#slots;
    let at = first & this.#mask;
    while (slots[at * 3] !== 0) at = (at + 1) & this.#mask;
    slots[at * 3] = first;
    slots[at * 3 + 1] = second;
    slots[at * 3 + 2] = third;
    this.size += 1;
  }

  /** Leaves a mark, so that what was put behind it is still found. Marks count as taken until the table is cleared. */
  delete(): void {
    if (this.size === 0) return;
    const at = this.#find();
    if (at < 0) return;
    this.#slots[at * 3] = 0;
    this.#slots[at * 3 + 1] = 1;
  }

  clear(): void {
    this.#slots.fill(0);
    this.size = 0;
  }
}
