/**
 * What one append wrote for one source in one window. One instant, which is what a check or a snapshot is, has its own
 * short form, made and read without zstd; more of them are a block with its columns in the head.
 *
 *     0x10  time  runs  (slots skipped, slots that follow) × runs  values
 *
 * A value begins with a byte: its low half is what follows, its high half how many.
 *
 *     0–12  a decimal: that many decimals; 0–7 bytes of a zigzag number, lowest first
 *     13    a float: 8 bytes
 *     14    zeros: 1–16 values that are all +0 (high half + 1)
 */
import { ByteReader, type ByteWriter, unzigzag, zigzag } from "./bytes.ts";
import { decimalsOf, notDecimal, powers } from "./decimal.ts";
import { formats } from "./wrap.ts";

const floatTag = 13;
const zerosTag = 14;

/** One instant of a source: `values[i]` belongs to `slots[i]`; slots ascend. */
export interface Instant {
  readonly time: number;
  readonly slots: Uint32Array;
  readonly values: Float64Array;
}

/** Writes the first `count` of `slots` and `values`. The writer is emptied first and may be used again and again. */
export function encodeInstant(
  out: ByteWriter,
  time: number,
  slots: Uint32Array,
  values: Float64Array,
  count: number,
): Uint8Array {
  out.length = 0;
  out.byte(formats.instant);
  out.signed(time);
  writeRuns(out, slots, count);
  let hint = 0;
  for (let i = 0; i < count; i += 1) {
    const value = values[i] ?? 0;
    if (Object.is(value, 0)) {
      let zeros = 1;
      while (zeros < 16 && i + zeros < count && Object.is(values[i + zeros], 0)) zeros += 1;
      out.byte(zerosTag | ((zeros - 1) << 4));
      i += zeros - 1;
      continue;
    }
    const decimals = decimalsOf(value, hint);
    if (decimals === notDecimal) {
      out.byte(floatTag);
      out.float(value);
    } else {
      hint = decimals;
      writeDecimal(out, decimals, zigzag(Math.round(value * (powers[decimals] ?? 1))));
    }
  }
  return out.take();
}

function writeRuns(out: ByteWriter, slots: Uint32Array, count: number): void {
  let runs = count > 0 ? 1 : 0;
  for (let i = 1; i < count; i += 1) if (slots[i] !== (slots[i - 1] ?? 0) + 1) runs += 1;
  out.unsigned(runs);
  let next = 0;
  for (let i = 0; i < count;) {
    const start = slots[i] ?? 0;
    let length = 1;
    while (i + length < count && slots[i + length] === start + length) length += 1;
    out.unsigned(start - next);
    out.unsigned(length);
    next = start + length;
    i += length;
  }
}

function writeDecimal(out: ByteWriter, decimals: number, whole: number): void {
  out.reserve(9);
  const { bytes } = out;
  const tagAt = out.length;
  let at = tagAt + 1;
  let rest = whole;
  while (rest >= 0x1_0000_0000) {
    const low = rest % 256;
    bytes[at++] = low;
    rest = (rest - low) / 256;
  }
  rest >>>= 0;
  while (rest > 0) {
    bytes[at++] = rest;
    rest >>>= 8;
  }
  bytes[tagAt] = decimals | ((at - tagAt - 1) << 4);
  out.length = at;
}

export function isInstant(data: Uint8Array): boolean {
  return data[0] === formats.instant;
}

export function decodeInstant(data: Uint8Array): Instant {
  const reader = new ByteReader(data, 1);
  const time = reader.signed();
  const slots = readRuns(reader);
  const values = new Float64Array(slots.length);
  for (let i = 0; i < values.length; i += 1) {
    const tag = reader.byte();
    const size = tag >> 4;
    switch (tag & 15) {
      case zerosTag:
        i += size;
        break;
      case floatTag:
        values[i] = reader.float();
        break;
      default:
        values[i] = readDecimal(reader, size) / (powers[tag & 15] ?? 1);
    }
  }
  return { time, slots, values };
}

function readRuns(reader: ByteReader): Uint32Array {
  const runs: number[] = [];
  let total = 0;
  for (let left = reader.unsigned() * 2; left > 0; left -= 1) {
    const number = reader.unsigned();
    runs.push(number);
    if (runs.length % 2 === 0) total += number;
  }
  const slots = new Uint32Array(total);
  let next = 0;
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    next += runs[i] ?? 0;
    for (let left = runs[i + 1] ?? 0; left > 0; left -= 1) slots[at++] = next++;
  }
  return slots;
}

function readDecimal(reader: ByteReader, size: number): number {
  let whole = 0;
  let factor = 1;
  for (let i = 0; i < size; i += 1) {
    whole += reader.byte() * factor;
    factor *= 256;
  }
  return unzigzag(whole);
}
