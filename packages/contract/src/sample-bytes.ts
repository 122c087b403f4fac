/**
 * Bytes of a sample batch, in and out. Whole numbers are LEB128 (7 bits a byte, lowest first, the high bit set on all
 * but the last), signed ones zigzag before it (0, -1, 1, -2 … are 0, 1, 2, 3 …), exact up to 2^53. The reader believes
 * nothing: whatever is not there or not as the format has it throws a `BadBytes` that says so.
 */

/** Bytes that are not what the format says; `message` is for whoever sent them. */
export class BadBytes extends Error {}

const two28 = 2 ** 28;
/** Bytes of a number below 2^53. */
const longestNumber = 8;

/** A buffer that grows. */
export class BatchWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` bytes, which are zero, and gives the place of the first. */
  skip(count: number): number {
    this.#reserve(count);
    const at = this.#length;
    this.#length += count;
    return at;
  }

  /** Sets a byte of what was skipped. */
  set(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A whole number from 0 to 2^53. */
  unsigned(value: number): void {
    this.#reserve(longestNumber);
    let rest = value;
    while (rest >= two28) {
      const low = rest % 128;
      this.#bytes[this.#length++] = low + 128;
      rest = (rest - low) / 128;
    }
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number from -2^52 to 2^52. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a `BatchWriter` wrote, and throws `BadBytes` on anything else. */
export class BatchReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new BadBytes("the bytes end too early");
    return value;
  }

  /** The next `count` bytes; a view, no copy. */
  raw(count: number): Uint8Array {
    if (count > this.left) throw new BadBytes("the bytes end too early");
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  unsigned(): number {
    let value = this.byte();
    if (value < 128) return value;
    value -= 128;
    let factor = 128;
    for (let count = 2; count <= longestNumber; count += 1) {
      const byte = this.byte();
      if (byte < 128) {
        value += byte * factor;
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      value += (byte - 128) * factor;
      factor *= 128;
    }
    throw new BadBytes("a whole number is larger than 2^53");
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
