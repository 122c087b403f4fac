/**
 * The values of a sample batch: a column per series, each as decimal whole numbers where that loses nothing, else as
 * floats. The bytes are on the page `sample-batch.md`, under "Values".
 */
import { BadBytes, type BatchReader, type BatchWriter } from "./sample-bytes.ts";

/** 10^0 … 10^12, exact as floats, so that `whole / powers[k]` is the float nearest to that decimal. */
const powers = Float64Array.from({ length: 13 }, (_, k) => 10 ** k);
const maxDecimals = 12;
/** Differences of smaller whole numbers, folded, stay below 2^53. */
const maxWhole = 2 ** 50;

/** Low half of a column's byte: 0 to 12 are decimals of so many digits. */
const floats = 13;
const absent = 14;
const kindBits = 0x0f;
const constantFlag = 0x10;
const gapsFlag = 0x20;
const knownBits = kindBits | constantFlag | gapsFlag;

/** Values of `seriesCount` series at `timeCount` instants: those of one series side by side. */
export interface Values {
  readonly values: Float64Array;
  /** 0 where there is no value; absent: there is one everywhere. */
  readonly present?: Uint8Array;
}

/** Writes all columns. */
export function writeColumns(
  out: BatchWriter,
  { values, present }: Values,
  seriesCount: number,
  timeCount: number,
): void {
  const kindsAt = out.skip(seriesCount);
  const dense = new Float64Array(timeCount);
  const columns: Column[] = [];
  const floatColumns: Column[] = [];
  for (let s = 0; s < seriesCount; s += 1) {
    const from = s * timeCount;
    const count = gather(dense, values, present, from, timeCount);
    const column = count === 0 ? undefined : columnOf(dense.subarray(0, count));
    const gaps = count > 0 && count < timeCount ? gapsFlag : 0;
    out.set(kindsAt + s, column === undefined ? absent : column.kind | gaps);
    if (gaps !== 0 && present !== undefined) writeBitmap(out, present, from, timeCount);
    if (column === undefined) continue;
    if ((column.kind & kindBits) === floats) floatColumns.push(column);
    else columns.push(column);
  }
  writeFloats(out, floatColumns);
  for (const column of columns) writeWhole(out, column);
}

interface Column {
  readonly kind: number;
  /** Whole numbers, or floats; only the first when all are the same. */
  readonly numbers: Float64Array;
}

/** Copies the values that are there next to each other, and counts them. */
function gather(
  dense: Float64Array,
  values: Float64Array,
  present: Uint8Array | undefined,
  from: number,
  timeCount: number,
): number {
  let count = 0;
  for (let i = from; i < from + timeCount; i += 1) {
    if (present === undefined || present[i] !== 0) dense[count++] = values[i] ?? Number.NaN;
  }
  return count;
}

function columnOf(dense: Float64Array): Column {
  const first = dense[0] ?? Number.NaN;
  const isConstant = dense.length > 1 && dense.every((value) => Object.is(value, first));
  const flag = isConstant ? constantFlag : 0;
  const kept = isConstant ? dense.subarray(0, 1) : dense;
  const decimals = decimalsOf(kept);
  if (decimals === undefined) return { kind: floats | flag, numbers: kept.slice() };
  const power = powers[decimals] ?? 1;
  return { kind: decimals | flag, numbers: kept.map((value) => Math.round(value * power)) };
}

/** The least number of digits with which every value is exactly a decimal; undefined when there is none. */
function decimalsOf(values: Float64Array): number | undefined {
  let decimals = 0;
  for (const value of values) {
    while (!fits(value, decimals)) if (++decimals > maxDecimals) return undefined;
  }
  // More digits can bring an earlier, larger value over the bound.
  return values.every((value) => fits(value, decimals)) ? decimals : undefined;
}

function fits(value: number, decimals: number): boolean {
  const power = powers[decimals] ?? 1;
  const whole = Math.round(value * power);
  if (!(whole <= maxWhole && whole >= -maxWhole)) return false;
  return whole === 0 ? Object.is(value, 0) : whole / power === value;
}

function writeBitmap(out: BatchWriter, present: Uint8Array, from: number, timeCount: number): void {
  const at = out.skip(Math.ceil(timeCount / 8));
  for (let first = 0; first < timeCount; first += 8) {
    let byte = 0;
    for (let i = first; i < Math.min(first + 8, timeCount); i += 1) {
      if (present[from + i] !== 0) byte |= 1 << (i - first);
    }
    out.set(at + first / 8, byte);
  }
}

/** All floats of all columns: their lowest bytes, then all second ones, …: exponents are alike, and end up together. */
function writeFloats(out: BatchWriter, columns: readonly Column[]): void {
  const count = columns.reduce((sum, column) => sum + column.numbers.length, 0);
  const at = out.skip(count * 8);
  const view = new DataView(new ArrayBuffer(8));
  let i = 0;
  for (const { numbers } of columns) {
    for (const value of numbers) {
      view.setFloat64(0, value, true);
      for (let plane = 0; plane < 8; plane += 1) {
        out.set(at + plane * count + i, view.getUint8(plane));
      }
      i += 1;
    }
  }
}

/** The first number; then, if there are more, what all differences are multiples of, and how many times each is it. */
function writeWhole(out: BatchWriter, { numbers }: Column): void {
  let before = numbers[0] ?? 0;
  out.signed(before);
  if (numbers.length === 1) return;
  const unit = unitOf(numbers);
  out.unsigned(unit);
  for (let i = 1; i < numbers.length; i += 1) {
    const number = numbers[i] ?? 0;
    out.signed((number - before) / unit);
    before = number;
  }
}

function unitOf(numbers: Float64Array): number {
  let unit = 0;
  for (let i = 1; i < numbers.length && unit !== 1; i += 1) {
    let rest = Math.abs((numbers[i] ?? 0) - (numbers[i - 1] ?? 0));
    while (rest !== 0) [unit, rest] = [rest, unit % rest];
  }
  return Math.max(1, unit);
}

/** Reads all columns. The caller has made sure that `seriesCount * timeCount` is bounded. */
export function readColumns(reader: BatchReader, seriesCount: number, timeCount: number): Values {
  const kinds = reader.raw(seriesCount);
  const { bitmaps, floatCount } = readGaps(reader, kinds, timeCount);
  const planes = reader.raw(floatCount * 8);
  const values = new Float64Array(seriesCount * timeCount);
  let present: Uint8Array | undefined;
  let nextFloat = 0;
  for (let s = 0; s < seriesCount; s += 1) {
    const kind = kinds[s] ?? absent;
    const column = values.subarray(s * timeCount, (s + 1) * timeCount);
    const gaps = bitmaps.get(s);
    const count = gaps?.count ?? timeCount;
    if ((kind & kindBits) === absent || gaps !== undefined) {
      present ??= new Uint8Array(values.length).fill(1);
    }
    if ((kind & kindBits) === absent) {
      present?.fill(0, s * timeCount, (s + 1) * timeCount);
      column.fill(Number.NaN);
      continue;
    }
    if ((kind & kindBits) === floats) {
      nextFloat = takeFloats(planes, nextFloat, kind, column, count);
    } else {
      readWhole(reader, kind, column, count);
    }
    if (gaps !== undefined && present !== undefined) {
      spread(column, gaps, present.subarray(s * timeCount, (s + 1) * timeCount));
    }
  }
  return present === undefined ? { values } : { values, present };
}

interface Gaps {
  readonly bitmap: Uint8Array;
  /** How many values there are. */
  readonly count: number;
}

/** Checks every column's byte, reads the bitmaps of those with gaps, and counts the floats. */
function readGaps(
  reader: BatchReader,
  kinds: Uint8Array,
  timeCount: number,
): { readonly bitmaps: ReadonlyMap<number, Gaps>; readonly floatCount: number } {
  const bitmaps = new Map<number, Gaps>();
  let floatCount = 0;
  for (let s = 0; s < kinds.length; s += 1) {
    const kind = kinds[s] ?? absent;
    if (
      kind > knownBits ||
      (kind & kindBits) > absent ||
      (kind > absent && (kind & kindBits) === absent)
    ) {
      throw new BadBytes(`values of series ${s}: 0x${kind.toString(16)} is no kind of column`);
    }
    let count = timeCount;
    if ((kind & gapsFlag) !== 0) {
      const bitmap = reader.raw(Math.ceil(timeCount / 8));
      count = countBits(bitmap, timeCount);
      if (count === 0) throw new BadBytes(`values of series ${s}: there is none in its bitmap`);
      bitmaps.set(s, { bitmap, count });
    }
    if ((kind & kindBits) === floats) floatCount += (kind & constantFlag) === 0 ? count : 1;
  }
  return { bitmaps, floatCount };
}

function countBits(bitmap: Uint8Array, timeCount: number): number {
  let count = 0;
  for (let i = 0; i < timeCount; i += 1) count += bitAt(bitmap, i);
  return count;
}

function bitAt(bitmap: Uint8Array, i: number): number {
  return ((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1;
}

const oneFloat = new DataView(new ArrayBuffer(8));

function takeFloats(
  planes: Uint8Array,
  from: number,
  kind: number,
  column: Float64Array,
  count: number,
): number {
  const stored = (kind & constantFlag) === 0 ? count : 1;
  const all = planes.length / 8;
  for (let i = 0; i < stored; i += 1) {
    for (let plane = 0; plane < 8; plane += 1) {
      oneFloat.setUint8(plane, planes[plane * all + from + i] ?? 0);
    }
    column[i] = oneFloat.getFloat64(0, true);
  }
  if (stored < count) column.fill(column[0] ?? 0, 0, count);
  return from + stored;
}

function readWhole(reader: BatchReader, kind: number, column: Float64Array, count: number): void {
  const power = powers[kind & kindBits] ?? 1;
  let number = reader.signed();
  if ((kind & constantFlag) !== 0) {
    column.fill(number / power, 0, count);
    return;
  }
  column[0] = number / power;
  if (count === 1) return;
  const unit = reader.unsigned();
  for (let i = 1; i < count; i += 1) {
    number += reader.signed() * unit;
    column[i] = number / power;
  }
}

/** Moves the values at the front to where they belong, from the end so that none is overwritten. */
function spread(column: Float64Array, { bitmap, count }: Gaps, present: Uint8Array): void {
  let from = count - 1;
  for (let i = column.length - 1; i >= 0; i -= 1) {
    const isPresent = bitAt(bitmap, i);
    present[i] = isPresent;
    column[i] = isPresent === 1 ? (column[from--] ?? Number.NaN) : Number.NaN;
  }
}
