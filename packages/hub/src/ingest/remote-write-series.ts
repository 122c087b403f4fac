/**
 * Series of remote_write, known by the bytes of their labels as they travel. What is not used is forgotten: there are
 * two generations, what is found moves into the young one, and when that is full it becomes the old one, whose entries
 * are dropped. So at most twice a generation's series are remembered, and their bytes are bounded as well.
 */
import type { SeriesKey, SourceKey } from "../model/series.ts";
import { mostLabels, sourceOf } from "./import-frames.ts";
import { wireType, type ProtobufReader } from "./protobuf-reader.ts";

export interface KnownSeries {
  readonly key: SeriesKey;
  readonly source: SourceKey;
}

/** What can be wrong with a series, and how it is said. */
export const seriesFaults = {
  no_name: "it has no __name__",
  bad_name: "its metric name or a label name is not of the form [a-zA-Z_][a-zA-Z0-9_]*",
  repeated_label: "it has a label twice",
  too_many_labels: `it has more than ${mostLabels} labels`,
  too_long: "its labels are longer than 16 KiB",
  bad_text: "a label holds U+0000 or is not UTF-8",
} as const;
export type SeriesFault = keyof typeof seriesFaults;

/** Bytes of a series' labels, names included. */
export const longestLabels = 16 * 1024;
const generation = { series: 100_000, bytes: 32 * 1024 * 1024 };
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

type Found = KnownSeries | SeriesFault;

/** The series that were seen lately. */
export class RemoteWriteSeries {
  #young = new Map<string, Found>();
  #old = new Map<string, Found>();
  #bytes = 0;
  readonly #mostSeries: number;

  /** `mostSeries`: of a generation. */
  constructor(mostSeries = generation.series) {
    this.#mostSeries = mostSeries;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The series whose labels are the fields between `from` and `to`, or what is wrong with it. Leaves `at` at `to`. */
  find(reader: ProtobufReader, from: number, to: number): Found {
    reader.at = to;
    const text = reader.latin1(from, to);
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const found = this.#old.get(text) ?? readSeries(reader, from, to);
    reader.at = to;
    if (this.#young.size >= this.#mostSeries || this.#bytes >= generation.bytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#bytes = 0;
    }
    this.#old.delete(text);
    this.#young.set(text, found);
    this.#bytes += text.length;
    return found;
  }
}

/** Throws `ProtobufError` when the fields are not labels. */
function readSeries(reader: ProtobufReader, from: number, to: number): Found {
  reader.at = from;
  const pairs = new Map<string, string>();
  while (reader.at < to) {
    reader.tag(to);
    const pair = readLabel(reader, reader.lengthEnd(to));
    if (typeof pair === "string") return pair;
    const [name, value] = pair;
    if (pairs.has(name)) return "repeated_label";
    pairs.set(name, value);
    if (pairs.size > mostLabels + 1) return "too_many_labels";
  }
  const name = pairs.get("__name__") ?? "";
  if (name === "") return "no_name";
  if (!metricName.test(name)) return "bad_name";
  pairs.delete("__name__");
  // As in Prometheus, a label without a value is none.
  const labels = Object.fromEntries([...pairs].filter(([, value]) => value !== ""));
  const key = { name, labels };
  return { key, source: sourceOf(key) };
}

function readLabel(
  reader: ProtobufReader,
  end: number,
): readonly [name: string, value: string] | SeriesFault {
  let name: string | undefined = "";
  let value: string | undefined = "";
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === ((1 << 3) | wireType.bytes)) name = readText(reader, end);
    else if (tag === ((2 << 3) | wireType.bytes)) value = readText(reader, end);
    else reader.skip(tag, end);
  }
  if (name === undefined || value === undefined) return "bad_text";
  return labelName.test(name) ? [name, value] : "bad_name";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** undefined for text that is not UTF-8, or cannot be kept. */
function readText(reader: ProtobufReader, end: number): string | undefined {
  const to = reader.lengthEnd(end);
  const from = reader.at;
  reader.at = to;
  let isPlain = true;
  for (let i = from; i < to; i += 1) {
    const byte = reader.bytes[i] ?? 0;
    if (byte === 0) return undefined;
    if (byte > 0x7f) isPlain = false;
  }
  if (isPlain) return reader.latin1(from, to);
  try {
    return utf8.decode(reader.bytes.subarray(from, to));
  } catch {
    return undefined;
  }
}
