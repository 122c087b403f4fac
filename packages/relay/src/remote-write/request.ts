/**
 * Bodies of requests. Samples are put together to series, oldest first, a time at most once (of several values the last one
 * holds), and written as `write-request.ts` says, with labels that were encoded before.
 */
import { compress } from "snappyjs";
import type { LabelTable } from "./label-table.ts";

/** Samples of one series: places in the columns, by rising time. */
export interface SeriesPart {
  readonly ref: number;
  readonly places: readonly number[];
}

/** The columns the places point into. */
export interface Columns {
  readonly refs: ArrayLike<number>;
  readonly times: ArrayLike<number>;
  readonly values: Float64Array;
}

/** Samples by series. Series come in the order of their first sample. `wanted` says which places count. */
export function groupBySeries(
  { refs, times }: Pick<Columns, "refs" | "times">,
  isWanted: (ref: number) => boolean,
): readonly SeriesPart[] {
  const bySeries = new Map<number, number[]>();
  for (let i = 0; i < refs.length; i += 1) {
    const ref = refs[i] ?? 0;
    if (!isWanted(ref)) continue;
    const places = bySeries.get(ref);
    if (places === undefined) bySeries.set(ref, [i]);
    else places.push(i);
  }
  const parts: SeriesPart[] = [];
  for (const [ref, places] of bySeries) parts.push({ ref, places: inOrder(places, times) });
  return parts;
}

function inOrder(places: number[], times: ArrayLike<number>): readonly number[] {
  let isRising = true;
  for (let i = 1; i < places.length && isRising; i += 1) {
    isRising = (times[places[i] ?? 0] ?? 0) > (times[places[i - 1] ?? 0] ?? 0);
  }
  if (isRising) return places;
  const byTime = new Map<number, number>();
  for (const place of places) byTime.set(times[place] ?? 0, place);
  return [...byTime].toSorted(([a], [b]) => a - b).map(([, place]) => place);
}

/** How many samples there are. */
export function countSamples(parts: readonly SeriesPart[]): number {
  let count = 0;
  for (const { places } of parts) count += places.length;
  return count;
}

/** Deals series out to at most `most` lots of about the same size, a series always whole: lots may be sent side by side. */
export function dealOut(
  parts: readonly SeriesPart[],
  most: number,
): readonly (readonly SeriesPart[])[] {
  const size = Math.ceil(countSamples(parts) / Math.max(1, most));
  const lots: SeriesPart[][] = [];
  let count = Infinity;
  for (const part of parts) {
    if (count >= size) {
      lots.push([]);
      count = 0;
    }
    lots.at(-1)?.push(part);
    count += part.places.length;
  }
  return lots;
}

/** Cuts a lot evenly into requests of at most `most` samples, to be sent one after another; of each series the oldest come first. */
export function cutIntoRequests(
  lot: readonly SeriesPart[],
  most: number,
): readonly (readonly SeriesPart[])[] {
  const requests: SeriesPart[][] = [];
  const samples = countSamples(lot);
  const size = Math.ceil(samples / Math.ceil(samples / most));
  let room = 0;
  for (const { ref, places } of lot) {
    for (let from = 0; from < places.length;) {
      if (room === 0) {
        requests.push([]);
        room = size;
      }
      const cut = from === 0 && places.length <= room ? places : places.slice(from, from + room);
      requests.at(-1)?.push({ ref, places: cut });
      room -= cut.length;
      from += cut.length;
    }
  }
  return requests;
}

/** Two halves, to be sent in this order: of several series by series, of one by time. Undefined of one sample. */
export function halve(
  parts: readonly SeriesPart[],
): readonly [readonly SeriesPart[], readonly SeriesPart[]] | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  if (parts.length > 1) {
    const middle = Math.ceil(parts.length / 2);
    return [parts.slice(0, middle), parts.slice(middle)];
  }
  const { ref, places } = first;
  if (places.length < 2) return undefined;
  const middle = Math.ceil(places.length / 2);
  return [[{ ref, places: places.slice(0, middle) }], [{ ref, places: places.slice(middle) }]];
}

/** NaN as Prometheus has it where it is a value, and no sign that a series has ended. */
const plainNan = Buffer.from([0x01, 0, 0, 0, 0, 0, 0xf8, 0x7f]);

/** A WriteRequest of these series, compressed. */
export function encodeBody(
  parts: readonly SeriesPart[],
  { times, values }: Pick<Columns, "times" | "values">,
  table: LabelTable,
): Uint8Array {
  let room = 0;
  for (const { ref, places } of parts) room += 6 + table.sizeOf(ref) + places.length * mostOfSample;
  const bytes = Buffer.allocUnsafe(room);
  let at = 0;
  for (const { ref, places } of parts) {
    let size = table.sizeOf(ref);
    for (const place of places) size += 2 + sizeOfSample(times[place] ?? 0, values[place] ?? 0);
    bytes[at++] = 0x0a;
    at = writeVarint(bytes, at, size);
    at = table.copy(ref, bytes, at);
    for (const place of places) at = writeSample(bytes, at, times[place] ?? 0, values[place] ?? 0);
  }
  return compress(bytes.subarray(0, at));
}

/** Head, value, and a time as long as it can be: what is before 1970 takes ten bytes. */
const mostOfSample = 2 + 9 + 11;

function sizeOfSample(time: number, value: number): number {
  return (Object.is(value, 0) ? 0 : 9) + (time === 0 ? 0 : 1 + sizeOfVarint(time));
}

function writeSample(bytes: Buffer, from: number, time: number, value: number): number {
  let at = from;
  bytes[at++] = 0x12;
  bytes[at++] = sizeOfSample(time, value);
  if (!Object.is(value, 0)) {
    bytes[at++] = 0x09;
    if (Number.isNaN(value)) at += plainNan.copy(bytes, at);
    else at = bytes.writeDoubleLE(value, at);
  }
  if (time === 0) return at;
  bytes[at++] = 0x10;
  return writeVarint(bytes, at, time);
}

function sizeOfVarint(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let at = from;
  if (value < 0) {
    let bits = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < 9; i += 1) {
      bytes[at++] = Number(bits & 0x7fn) | 0x80;
      bits >>= 7n;
    }
    bytes[at++] = Number(bits);
    return at;
  }
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}
