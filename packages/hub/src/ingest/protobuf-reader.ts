/**
 * Reads Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/): a message is a row of fields,
 * each a tag (number and wire type) with its value. Input may be hostile: whatever does not fit throws `ProtobufError`,
 * and nothing is reserved for what a length announces.
 */

/** The bytes are no message. The message says what was found, and at which byte. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** Wire types. Groups (3 and 4) are refused: nothing that is read here has them. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A place within bytes, which moves as it is read. Bounds (`end`) are the caller's: those of the message it reads. */
export class ProtobufReader {
  /** The next byte. */
  at = 0;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A field's tag: `number * 8 + wire type`. */
  tag(end: number): number {
    const tag = this.#small(end);
    if (tag < 8) throw this.#error("a field has the number 0");
    return tag;
  }

  /** Where a value of the wire type `bytes` ends; it starts at `at`. */
  lengthEnd(end: number): number {
    const length = this.#small(end);
    if (length > end - this.at) throw this.#error(`${length} bytes are announced`);
    return this.at + length;
  }

  /** A varint as a signed 64-bit number; exact up to 2^53, rounded beyond. */
  int64(end: number): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte(end);
      // The low 28 bits and the 36 above them, so that each half stays exact.
      if (shift < 28) low += (byte & 0x7f) * 2 ** shift;
      else if (shift < 63) high += (byte & 0x7f) * 2 ** (shift - 28);
      else high += (byte & 1) * 2 ** 35;
      if (byte < 0x80) {
        const isNegative = high >= 2 ** 35;
        return (isNegative ? high - 2 ** 36 : high) * 2 ** 28 + low;
      }
    }
    throw this.#error("a number has more than ten bytes");
  }

  /** A `double`. */
  float64(end: number): number {
    if (end - this.at < 8) throw this.#error("it ends within a number");
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  /** The eight bytes before `at` as two 32-bit numbers: a NaN keeps its payload only in them. */
  lastBits(): { readonly high: number; readonly low: number } {
    return {
      high: this.#view.getUint32(this.at - 4, true),
      low: this.#view.getUint32(this.at - 8, true),
    };
  }

  /** A stretch of the bytes, one character for each: made in one call, and different for different bytes. */
  latin1(from: number, to: number): string {
    return this.#buffer.toString("latin1", from, to);
  }

  /** Passes over the value of a field. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case wireType.varint:
        this.int64(end);
        return;
      case wireType.fixed64:
        this.#pass(8, end);
        return;
      case wireType.bytes:
        this.at = this.lengthEnd(end);
        return;
      case wireType.fixed32:
        this.#pass(4, end);
        return;
      default:
        throw this.#error(`the wire type ${tag & 7} is not known`);
    }
  }

  #pass(count: number, end: number): void {
    if (end - this.at < count) throw this.#error("it ends within a number");
    this.at += count;
  }

  /** A varint of at most 32 bits. */
  #small(end: number): number {
    const first = this.#byte(end);
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte(end);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value < 2 ** 32) return value;
        break;
      }
    }
    throw this.#error("a tag or length has more than 32 bits");
  }

  #byte(end: number): number {
    if (this.at >= end) throw this.#error("it ends within a number");
    const byte = this.bytes[this.at] ?? 0;
    this.at += 1;
    return byte;
  }

  #error(what: string): ProtobufError {
    return new ProtobufError(`${what}, at byte ${this.at}`);
  }
}
