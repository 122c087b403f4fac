/**
 * Bytes in and out: whole numbers as LEB128 (7 bits a byte, lowest first), signed ones in zigzag (0, -1, 1, -2 … become
 * 0, 1, 2, 3 …), floats as 8 bytes, little-endian. Whole numbers are exact up to 2^53.
 */

const two32 = 2 ** 32;

/** A buffer that grows. `take` gives a copy of what was written. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  float(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2^53. */
  unsigned(value: number): void {
    this.reserve(8);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest >= two32) {
      const low = rest % 128;
      bytes[at++] = low + 128;
      rest = (rest - low) / 128;
    }
    while (rest >= 128) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** A whole number from -2^52 to 2^52. */
  signed(value: number): void {
    this.unsigned(zigzag(value));
  }

  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads what a `ByteWriter` wrote. Reading past the end throws. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError("the bytes of a chunk end too early");
    return value;
  }

  float(): number {
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  unsigned(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      if (byte < 128) return value + byte * factor;
      value += (byte - 128) * factor;
      factor *= 128;
    }
  }

  signed(): number {
    return unzigzag(this.unsigned());
  }

  /** A view of the next `count` bytes. */
  raw(count: number): Uint8Array {
    const end = this.at + count;
    if (end > this.bytes.length) throw new RangeError("the bytes of a chunk end too early");
    const bytes = this.bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}

export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
