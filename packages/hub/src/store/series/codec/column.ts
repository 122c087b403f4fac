/**
 * One series in one chunk: its floats as bytes, smallest known way first. The bytes are on the page `FORMAT.md`,
 * under "Column".
 */
import { ByteReader, type ByteWriter, zigzag } from "./bytes.ts";
import { columnDecimals, fits, notDecimal, powers } from "./decimal.ts";

const kind = { constantWhole: 0, constantFloat: 1, whole: 2, float: 3 } as const;
const transform = { plain: 0, delta: 4, deltaOfDelta: 8 } as const;
const kindBits = 0x03;
const transformBits = 0x0c;
const gapsFlag = 0x10;
const exceptionsFlag = 0x20;
const bitsFlag = 0x40;

/** Numbers of at most this many bits may be packed as bits, so that four bytes hold one with what is left of another. */
const maxPackedBits = 24;

/** Scratch space for columns of up to `length` samples; grows by itself. */
export class ColumnScratch {
  dense = new Float64Array(0);
  whole = new Float64Array(0);
  exceptions: number[] = [];

  ensure(length: number): void {
    if (this.dense.length >= length) return;
    this.dense = new Float64Array(length);
    this.whole = new Float64Array(length);
  }
}

/**
 * Writes `values`, of which those with a 0 in `present` are left out. At least one must be present. Gives the number
 * of decimals of the column, `notDecimal` when it was not kept as decimals.
 */
export function encodeColumn(
  out: ByteWriter,
  values: Float64Array,
  present: Uint8Array | null,
  scratch: ColumnScratch,
): number {
  scratch.ensure(values.length);
  const { dense } = scratch;
  let count = 0;
  if (present === null) {
    dense.set(values);
    count = values.length;
  } else {
    for (let i = 0; i < values.length; i += 1) {
      if (present[i] !== 0) dense[count++] = values[i] ?? 0;
    }
  }
  const gaps = count < values.length ? gapsFlag : 0;
  const first = dense[0] ?? 0;
  if (isConstant(dense, count)) return writeConstant(out, first, gaps, present);
  const decimals = columnDecimals(dense, count);
  if (decimals === notDecimal) {
    out.byte(kind.float | gaps);
    writeGaps(out, gaps, present);
    writeFloats(out, dense, count);
    return notDecimal;
  }
  toWhole(scratch, count, decimals);
  const { exceptions } = scratch;
  const chosen = chooseTransform(scratch.whole, count);
  const flags = (exceptions.length > 0 ? exceptionsFlag : 0) | (chosen.width > 0 ? bitsFlag : 0);
  out.byte(kind.whole | chosen.transform | gaps | flags);
  writeGaps(out, gaps, present);
  out.byte(decimals);
  if (exceptions.length > 0) writeExceptions(out, exceptions, dense);
  writeWhole(out, scratch.whole, count, chosen);
  return exceptions.length > 0 ? notDecimal : decimals;
}

/** All values are the same float. */
function writeConstant(
  out: ByteWriter,
  value: number,
  gaps: number,
  present: Uint8Array | null,
): number {
  const one = Float64Array.of(value);
  const decimals = columnDecimals(one, 1);
  out.byte((decimals === notDecimal ? kind.constantFloat : kind.constantWhole) | gaps);
  writeGaps(out, gaps, present);
  if (decimals === notDecimal) {
    out.float(value);
  } else {
    out.byte(decimals);
    out.signed(Math.round(value * (powers[decimals] ?? 1)));
  }
  return decimals;
}

function isConstant(values: Float64Array, count: number): boolean {
  const first = values[0] ?? 0;
  for (let i = 1; i < count; i += 1) if (!Object.is(values[i], first)) return false;
  return true;
}

function writeGaps(out: ByteWriter, gaps: number, present: Uint8Array | null): void {
  if (gaps === 0 || present === null) return;
  const start = out.length;
  const size = (present.length + 7) >> 3;
  out.reserve(size);
  out.bytes.fill(0, start, start + size);
  for (let i = 0; i < present.length; i += 1) {
    if (present[i] !== 0)
      out.bytes[start + (i >> 3)] = (out.bytes[start + (i >> 3)] ?? 0) | (1 << (i & 7));
  }
  out.length += size;
}

/** Fills `whole`; a value that does not fit takes over its neighbour's whole number and goes to `exceptions`. */
function toWhole(scratch: ColumnScratch, count: number, decimals: number): void {
  const { dense, whole } = scratch;
  const power = powers[decimals] ?? 1;
  const exceptions: number[] = [];
  let last = 0;
  for (let i = 0; i < count; i += 1) {
    const value = dense[i] ?? 0;
    if (fits(value, decimals)) {
      last = Math.round(value * power);
      if (exceptions.length === i) whole.fill(last, 0, i);
    } else {
      exceptions.push(i);
    }
    whole[i] = last;
  }
  scratch.exceptions = exceptions;
}

function writeExceptions(
  out: ByteWriter,
  exceptions: readonly number[],
  values: Float64Array,
): void {
  out.unsigned(exceptions.length);
  let before = 0;
  for (const at of exceptions) {
    out.unsigned(at - before);
    before = at;
    out.float(values[at] ?? 0);
  }
}

interface Choice {
  readonly transform: number;
  /** All differences are multiples of it. */
  readonly unit: number;
  readonly least: number;
  /** Bits of each number when they are packed as bits; 0 for LEB128. */
  readonly width: number;
}

/** Estimates each transform by the bits of its numbers; the differences' common divisor is taken out first. */
function chooseTransform(whole: Float64Array, count: number): Choice {
  const { unit, least } = unitOf(whole, count);
  let plain = 0;
  let delta = 0;
  let deltaOfDelta = 0;
  let plainMost = 0;
  let deltaMost = 0;
  let before = ((whole[0] ?? 0) - least) / unit;
  let step = 0;
  for (let i = 1; i < count; i += 1) {
    const value = ((whole[i] ?? 0) - least) / unit;
    const difference = value - before;
    const folded = zigzag(difference);
    plain += bits(value);
    delta += bits(folded);
    deltaOfDelta += bits(zigzag(difference - step));
    if (value > plainMost) plainMost = value;
    if (folded > deltaMost) deltaMost = folded;
    before = value;
    step = difference;
  }
  if (deltaOfDelta < delta && deltaOfDelta < plain) {
    return { transform: transform.deltaOfDelta, unit, least, width: 0 };
  }
  if (delta <= plain) {
    return { transform: transform.delta, unit, least, width: packedWidth(delta, deltaMost, count) };
  }
  const most = Math.max(plainMost, ((whole[0] ?? 0) - least) / unit);
  return { transform: transform.plain, unit, least, width: packedWidth(plain, most, count) };
}

/** The common divisor of all differences, and the least value. */
function unitOf(whole: Float64Array, count: number): { unit: number; least: number } {
  let unit = 0;
  let least = whole[0] ?? 0;
  for (let i = 1; i < count; i += 1) {
    const value = whole[i] ?? 0;
    if (value < least) least = value;
    if (unit !== 1) unit = commonDivisor(unit, Math.abs(value - (whole[i - 1] ?? 0)));
  }
  return { unit: unit === 0 ? 1 : unit, least };
}

/**
 * Noise is packed as bits: when nearly all numbers need nearly all bits of the largest, LEB128 only adds a bit per
 * byte, and zstd cannot take it away. Where most numbers are small, zstd finds more in bytes.
 */
function packedWidth(sum: number, most: number, count: number): number {
  const width = bits(most);
  const mean = sum / Math.max(1, count - 1);
  return width <= maxPackedBits && mean >= 7 && width <= mean + 1.5 + 0.8 * Math.ceil(mean / 7)
    ? width
    : 0;
}

function bits(value: number): number {
  return value < 0x1_0000_0000
    ? 32 - Math.clz32(value)
    : 64 - Math.clz32(Math.floor(value / 0x1_0000_0000));
}

function commonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

function writeWhole(out: ByteWriter, whole: Float64Array, count: number, choice: Choice): void {
  const { unit, least, width } = choice;
  const isPlain = choice.transform === transform.plain;
  const first = whole[0] ?? 0;
  out.unsigned(unit);
  out.signed(isPlain ? least : first);
  if (width > 0) out.byte(width);
  const packer = width > 0 ? new BitPacker(out, width) : null;
  let before = first;
  let step = 0;
  for (let i = isPlain ? 0 : 1; i < count; i += 1) {
    const value = whole[i] ?? 0;
    const difference = (value - (isPlain ? least : before)) / unit;
    const number = isPlain ? difference : zigzag(difference - step);
    if (packer === null) out.unsigned(number);
    else packer.add(number);
    before = value;
    if (choice.transform === transform.deltaOfDelta) step = difference;
  }
  packer?.finish();
}

/** Writes numbers of a fixed width, the lowest bit first. */
class BitPacker {
  readonly #out: ByteWriter;
  readonly #width: number;
  #held = 0;
  #bits = 0;

  constructor(out: ByteWriter, width: number) {
    this.#out = out;
    this.#width = width;
  }

  add(number: number): void {
    this.#held |= number << this.#bits;
    this.#bits += this.#width;
    while (this.#bits >= 8) {
      this.#out.byte(this.#held & 255);
      this.#held >>>= 8;
      this.#bits -= 8;
    }
  }

  finish(): void {
    if (this.#bits > 0) this.#out.byte(this.#held & 255);
  }
}

/** Floats that are no decimals: each XORed with the one before, then all first bytes, all second bytes, … */
function writeFloats(out: ByteWriter, values: Float64Array, count: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  out.reserve(count * 8);
  const { bytes } = out;
  const start = out.length;
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i += 1) {
    const nextLow = words[2 * i] ?? 0;
    const nextHigh = words[2 * i + 1] ?? 0;
    low ^= nextLow;
    high ^= nextHigh;
    for (let plane = 0; plane < 4; plane += 1) {
      bytes[start + plane * count + i] = high >>> (24 - 8 * plane);
      bytes[start + (plane + 4) * count + i] = low >>> (24 - 8 * plane);
    }
    low = nextLow;
    high = nextHigh;
  }
  out.length += count * 8;
}

/**
 * Reads a column of `values.length` instants into `values`, and into `present` which of them have a sample. Gives
 * false when all have one; `present` is left alone then.
 */
export function decodeColumn(
  bytes: Uint8Array,
  start: number,
  values: Float64Array,
  present: Uint8Array,
): boolean {
  const reader = new ByteReader(bytes, start);
  const head = reader.byte();
  const length = values.length;
  const hasGaps = (head & gapsFlag) !== 0;
  let count = length;
  if (hasGaps) count = readGaps(reader, present, length);
  switch (head & kindBits) {
    case kind.constantWhole:
      values.fill(readConstant(reader));
      break;
    case kind.constantFloat:
      values.fill(reader.float());
      break;
    case kind.whole:
      readWhole(reader, head, values, count);
      break;
    default:
      readFloats(reader, values, count);
  }
  if (hasGaps) spread(values, present, count);
  return hasGaps;
}

function readConstant(reader: ByteReader): number {
  const power = powers[reader.byte()] ?? 1;
  return reader.signed() / power;
}

function readGaps(reader: ByteReader, present: Uint8Array, length: number): number {
  const bitmap = reader.raw((length + 7) >> 3);
  let count = 0;
  for (let i = 0; i < length; i += 1) {
    const bit = ((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1;
    present[i] = bit;
    count += bit;
  }
  return count;
}

/** Moves the first `count` values to where `present` says they belong, from the end so that none is overwritten. */
function spread(values: Float64Array, present: Uint8Array, count: number): void {
  let from = count - 1;
  for (let i = values.length - 1; i > from && from >= 0; i -= 1) {
    if (present[i] !== 0) values[i] = values[from--] ?? 0;
  }
}

function readWhole(reader: ByteReader, head: number, values: Float64Array, count: number): void {
  const power = powers[reader.byte()] ?? 1;
  const places: number[] = [];
  const exceptions: number[] = [];
  if ((head & exceptionsFlag) !== 0) {
    let at = 0;
    for (let left = reader.unsigned(); left > 0; left -= 1) {
      at += reader.unsigned();
      places.push(at);
      exceptions.push(reader.float());
    }
  }
  const unit = reader.unsigned();
  const base = reader.signed();
  if ((head & bitsFlag) !== 0) {
    readBits(reader, values, count, {
      base,
      unit,
      power,
      isPlain: (head & transformBits) === transform.plain,
    });
  } else if ((head & transformBits) === transform.plain) {
    for (let i = 0; i < count; i += 1) values[i] = (base + reader.unsigned() * unit) / power;
  } else {
    const twice = (head & transformBits) === transform.deltaOfDelta;
    readDifferences(reader, values, count, { base, unit, power, twice });
  }
  for (const [i, at] of places.entries()) values[at] = exceptions[i] ?? 0;
}

/** Numbers packed as bits: over the least value, or differences. */
function readBits(
  reader: ByteReader,
  values: Float64Array,
  count: number,
  { base, unit, power, isPlain }: { base: number; unit: number; power: number; isPlain: boolean },
): void {
  const width = reader.byte();
  const numbers = isPlain ? count : count - 1;
  const bytes = reader.raw((numbers * width + 7) >> 3);
  const mask = 2 ** width - 1;
  let at = 0;
  let held = 0;
  let bits = 0;
  let sum = 0;
  if (!isPlain) values[0] = base / power;
  for (let i = isPlain ? 0 : 1; i < count; i += 1) {
    while (bits < width) {
      held |= (bytes[at++] ?? 0) << bits;
      bits += 8;
    }
    const number = held & mask;
    held >>>= width;
    bits -= width;
    sum = isPlain ? number : sum + ((number >>> 1) ^ -(number & 1));
    values[i] = (base + sum * unit) / power;
  }
}

function readDifferences(
  reader: ByteReader,
  values: Float64Array,
  count: number,
  { base, unit, power, twice }: { base: number; unit: number; power: number; twice: boolean },
): void {
  const { bytes } = reader;
  const end = bytes.length;
  let at = reader.at;
  let value = base;
  let step = 0;
  let read = 0;
  values[0] = base;
  for (let i = 1; i < count && at < end; i += 1) {
    // Nearly all differences are one byte or two: no call for those.
    const byte = bytes[at] ?? 0;
    let difference = (byte >>> 1) ^ -(byte & 1);
    at += 1;
    if (byte >= 128) {
      const next = bytes[at] ?? 0;
      if (next < 128) {
        const two = (byte & 127) | (next << 7);
        difference = (two >>> 1) ^ -(two & 1);
        at += 1;
      } else {
        reader.at = at - 1;
        difference = reader.signed();
        at = reader.at;
      }
    }
    if (twice) {
      step += difference;
      value += step * unit;
    } else {
      value += difference * unit;
    }
    values[i] = value;
    read = i;
  }
  if (read < count - 1) throw new RangeError("the bytes of a chunk end too early");
  reader.at = at;
  if (power !== 1) for (let i = 0; i < count; i += 1) values[i] = (values[i] ?? 0) / power;
}

function readFloats(reader: ByteReader, values: Float64Array, count: number): void {
  const planes = reader.raw(count * 8);
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i += 1) {
    let xorHigh = 0;
    let xorLow = 0;
    for (let plane = 0; plane < 4; plane += 1) {
      xorHigh = (xorHigh << 8) | (planes[plane * count + i] ?? 0);
      xorLow = (xorLow << 8) | (planes[(plane + 4) * count + i] ?? 0);
    }
    low ^= xorLow;
    high ^= xorHigh;
    words[2 * i] = low;
    words[2 * i + 1] = high;
  }
}
