/**
 * What an agent sends: the samples of one host at one or more instants, as bytes. The format is on the page
 * `sample-batch.md` beside this file. Pure: compression is the caller's (zstd, said in `content-encoding`), and so is
 * the hash function.
 */
import type { HostDetails } from "./host-details.ts";
import { BadBytes, BatchReader, BatchWriter } from "./sample-bytes.ts";
import { readColumns, writeColumns } from "./sample-column.ts";
import {
  headText,
  latestTime,
  parseDetails,
  parseHead,
  parseSeries,
  seriesText,
  type BatchHost,
  type BatchSeries,
} from "./sample-header.ts";

export type { BatchHost, BatchSeries };

/** Content type of an encoded batch. */
export const sampleBatchType = "application/vnd.belfry.sample-batch";

export interface SampleBatch {
  readonly host: BatchHost;
  /** Names the list of series: the same list always has the same hash. 32 hexadecimal digits, see `seriesHash`. */
  readonly seriesHash: string;
  /** null: the receiver was sent the list before; it answers 409 `unknown_series` when it has forgotten it. */
  readonly series: readonly BatchSeries[] | null;
  /** Number of series, also where the list itself is left out. */
  readonly seriesCount: number;
  /** Epoch ms, whole, ascending, without repeats. At least one. */
  readonly times: Float64Array;
  /** `values[s * times.length + t]` belongs to series `s` at `times[t]`. */
  readonly values: Float64Array;
  /** Same layout, 0 where a series has no sample; absent: every series has one at every time. */
  readonly present?: Uint8Array;
  /** The latest details; null when they are as they were sent last. */
  readonly details: HostDetails | null;
}

/**
 * A batch as it was received. Every name and text in it was checked, but the details only for what any JSON may hold:
 * an object, at most 12 levels deep, of texts without U+0000. Check them against `HostDetailsSchema` before use.
 */
export interface DecodedBatch extends Omit<SampleBatch, "details"> {
  readonly details: unknown;
}

/** What a receiver takes in one batch. */
export interface BatchLimits {
  readonly maxSeries: number;
  readonly maxTimes: number;
  /** Bytes of the whole batch, not compressed. */
  readonly maxBytes: number;
  /** Bytes of the details alone. */
  readonly maxDetailsBytes: number;
}

/** What every hub takes; an agent sends no larger batches. */
export const batchLimits: BatchLimits = {
  maxSeries: 20_000,
  maxTimes: 720,
  maxBytes: 32 * 1024 * 1024,
  maxDetailsBytes: 512 * 1024,
};

/** Series × times of any batch: few bytes can stand for many values, and memory must be bounded before they are read. */
export const maxBatchSamples = 2_400_000;

const version = 1;

/** Bytes of a batch. Throws a `RangeError` when its arrays do not fit together or its times do not ascend. */
export function encodeBatch(batch: SampleBatch): Uint8Array {
  const { times, values, present, seriesCount, series, details } = batch;
  const samples = seriesCount * times.length;
  const fits =
    times.length > 0 &&
    values.length === samples &&
    (present?.length ?? samples) === samples &&
    (series?.length ?? seriesCount) === seriesCount;
  if (!fits) throw new RangeError("a batch whose series, times and values do not fit together");
  const out = new BatchWriter(1024 + 3 * samples);
  out.byte(version);
  writeText(out, headText(batch));
  writeText(out, series === null ? "" : seriesText(series));
  writeText(out, details === null ? "" : detailsText(details));
  out.unsigned(seriesCount);
  writeTimes(out, times);
  writeColumns(out, batch, seriesCount, times.length);
  return out.take();
}

/**
 * Reads what `encodeBatch` wrote, from anybody. Nothing is allocated before its size was checked, and nothing is thrown:
 * `message` says what was found and what was expected.
 */
export function decodeBatch(
  bytes: Uint8Array,
  limits: BatchLimits,
):
  | { readonly kind: "ok"; readonly value: DecodedBatch }
  | { readonly kind: "bad"; readonly message: string } {
  try {
    return { kind: "ok", value: readBatch(bytes, limits) };
  } catch (error) {
    if (error instanceof BadBytes) return { kind: "bad", message: error.message };
    throw error;
  }
}

/**
 * The hash of a list of series: the first 32 hexadecimal digits of the SHA-256 of its text, in the list's order. Both
 * sides compute it, so that a receiver can make sure before it shares a list between hosts. `sha256` gives the
 * hexadecimal digest of a text in UTF-8.
 */
export function seriesHash(
  series: readonly BatchSeries[],
  sha256: (text: string) => string,
): string {
  return sha256(seriesText(series)).slice(0, 32);
}

function readBatch(bytes: Uint8Array, limits: BatchLimits): DecodedBatch {
  atMost(bytes.length, limits.maxBytes, "bytes in a batch");
  const reader = new BatchReader(bytes);
  const found = reader.byte();
  if (found !== version) throw new BadBytes(`version: expected ${version}, found ${found}`);
  const { host, seriesHash: listHash } = parseHead(readText(reader, limits.maxBytes, "the head"));
  const list = readText(reader, limits.maxBytes, "the list of series");
  const facts = readText(reader, limits.maxDetailsBytes, "the details");
  const seriesCount = reader.unsigned();
  atMost(seriesCount, limits.maxSeries, "series");
  const timeCount = reader.unsigned();
  if (timeCount === 0) throw new BadBytes("times: expected at least one, found none");
  atMost(timeCount, limits.maxTimes, "times");
  atMost(seriesCount * timeCount, maxBatchSamples, "samples in a batch");
  const times = readTimes(reader, timeCount);
  const columns = readColumns(reader, seriesCount, timeCount);
  if (reader.left > 0) throw new BadBytes(`${reader.left} bytes are left over at the end`);
  return {
    host,
    seriesHash: listHash,
    series: list === "" ? null : parseSeries(list, seriesCount),
    seriesCount,
    times,
    ...columns,
    details: facts === "" ? null : parseDetails(facts),
  };
}

function atMost(found: number, limit: number, what: string): void {
  if (found > limit) throw new BadBytes(`expected at most ${limit} ${what}, found ${found}`);
}

/** Details come from files of the kernel and the firmware, some of which end in U+0000: no reason to lose samples. */
function detailsText(details: HostDetails): string {
  return JSON.stringify(details, (_, value: unknown) =>
    typeof value === "string" ? cleanText(value) : value,
  );
}

/** The text without what no receiver takes: U+0000 and halves of surrogate pairs become U+FFFD. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

function writeText(out: BatchWriter, text: string): void {
  const bytes = new TextEncoder().encode(text);
  out.unsigned(bytes.length);
  out.raw(bytes);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(reader: BatchReader, maxBytes: number, what: string): string {
  const size = reader.unsigned();
  atMost(size, maxBytes, `bytes of ${what}`);
  const bytes = reader.raw(size);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new BadBytes(`${what}: this is not UTF-8`);
  }
}

function writeTimes(out: BatchWriter, times: Float64Array): void {
  out.unsigned(times.length);
  let before = -1;
  for (const time of times) {
    if (!Number.isInteger(time) || time <= before || time > latestTime) {
      throw new RangeError(`times of a batch: ${time} after ${before}`);
    }
    out.unsigned(time - Math.max(0, before));
    before = time;
  }
}

function readTimes(reader: BatchReader, count: number): Float64Array {
  if (count > reader.left) throw new BadBytes("the bytes end too early");
  const times = new Float64Array(count);
  let time = reader.unsigned();
  times[0] = time;
  for (let t = 1; t < count; t += 1) {
    const step = reader.unsigned();
    if (step === 0) throw new BadBytes(`times[${t}]: is the one before; expected a later one`);
    time += step;
    times[t] = time;
  }
  if (time > latestTime) throw new BadBytes(`times: ${time} is no time`);
  return times;
}
