/**
 * Reads Prometheus's remote_write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a `WriteRequest` of
 * Protocol Buffers within a block of Snappy.
 *
 *     WriteRequest  1 timeseries (repeated TimeSeries), 3 metadata
 *     TimeSeries    1 labels (repeated Label), 2 samples (repeated Sample), 3 exemplars, 4 histograms
 *     Label         1 name, 2 value
 *     Sample        1 value (double), 2 timestamp (int64, epoch ms)
 *
 * A series that cannot be kept is refused by itself, and its neighbours are kept. Metadata, exemplars and native
 * histograms are passed over. A staleness marker says that a series has ended: it is no sample (a gap is drawn where
 * there are none), so it is passed over as well; other NaNs are samples. All of these are counted.
 *
 * A steady sender sends the same series every few seconds. So series are known by the bytes of their labels as they
 * travel, and then nothing of them is read again. Big requests are read in pieces of some ms each.
 */
import { AppError } from "../model/error.ts";
import type { Frame, SeriesKey, SourceKey } from "../model/series.ts";
import { framesOf, importedTimes, type Column } from "./import-frames.ts";
import { ProtobufError, ProtobufReader } from "./protobuf-reader.ts";
import {
  longestLabels,
  RemoteWriteSeries,
  seriesFaults,
  type KnownSeries,
  type SeriesFault,
} from "./remote-write-series.ts";
import { readSnappy, SnappyError } from "./snappy.ts";

/** What a request came to, beside its frames. */
export interface RemoteWriteSummary {
  /** Samples in the frames. */
  readonly samples: number;
  /** Samples with a time beyond the years 1 to 9999. */
  readonly badTimes: number;
  readonly staleMarkers: number;
  /** Series that were refused, by what is wrong with them. */
  readonly refusedSeries: ReadonlyMap<SeriesFault, number>;
  readonly refusedSamples: number;
  readonly metadata: number;
  readonly exemplars: number;
  readonly histograms: number;
}

export interface RemoteWriteLimits {
  /** Largest request once it is unpacked, in bytes. */
  readonly maxBytes: number;
  /** Bytes unpacked, series and samples read in one piece. */
  readonly pieceBytes: number;
  readonly pieceSeries: number;
  readonly pieceSamples: number;
}

/** A piece takes some ms, on a slow machine 20. */
export const defaultRemoteWriteLimits: RemoteWriteLimits = {
  maxBytes: 64 * 1024 * 1024,
  pieceBytes: 512 * 1024,
  pieceSeries: 1_000,
  pieceSamples: 10_000,
};

/** Field numbers with their wire types, as tags. */
const tags = {
  series: (1 << 3) | 2,
  metadata: (3 << 3) | 2,
  labels: (1 << 3) | 2,
  samples: (2 << 3) | 2,
  exemplars: (3 << 3) | 2,
  histograms: (4 << 3) | 2,
  value: (1 << 3) | 1,
  timestamp: 2 << 3,
} as const;

/** Bytes of a sample: those that are known make 20, newer senders may add to it. */
const longestSample = 1024;

/** Lists of series that are handed in again, in series over all sources. */
const mostListed = 1_000_000;

/** Reads requests, and remembers the series it has seen. */
export class RemoteWriteReader {
  /** What can be wrong with a series, in words. */
  readonly faults = seriesFaults;
  readonly #limits: RemoteWriteLimits;
  readonly #known = new RemoteWriteSeries();
  readonly #lists = new Map<SourceKey, readonly SeriesKey[]>();
  #listed = 0;

  constructor(limits: RemoteWriteLimits = defaultRemoteWriteLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the body of a request. Yields the frames of each piece (there may be none), so that others can have a turn
   * between two; one reader may read several requests at a time. Throws an `AppError`: `malformed` when the body is none
   * of this format, `too_large` when it unpacks to more than the limit.
   */
  *read(body: Uint8Array): Generator<readonly Frame[], RemoteWriteSummary> {
    try {
      const unpacking = readSnappy(body, this.#limits.maxBytes, this.#limits.pieceBytes);
      let step = unpacking.next();
      while (step.done !== true) {
        yield [];
        step = unpacking.next();
      }
      const request = new Request(step.value, this.#limits, this.#known);
      for (;;) {
        const isDone = request.readPiece();
        yield request.takeColumns().flatMap(([source, columns]) => this.#framesOf(source, columns));
        if (isDone) return request.summary();
      }
    } catch (error) {
      throw translated(error);
    }
  }

  /** Frames; a source whose series are the same as before has the same list of them. */
  #framesOf(source: SourceKey, columns: readonly Column[]): Frame[] {
    return framesOf(source, columns).map((frame) => {
      const before = this.#lists.get(source);
      if (before !== undefined && isSame(before, frame.series)) return { ...frame, series: before };
      this.#listed += frame.series.length - (before?.length ?? 0);
      if (this.#listed > mostListed) {
        this.#lists.clear();
        this.#listed = frame.series.length;
      }
      this.#lists.set(source, frame.series);
      return frame;
    });
  }
}

function isSame(one: readonly SeriesKey[], other: readonly SeriesKey[]): boolean {
  return one.length === other.length && one.every((key, i) => key === other[i]);
}

function translated(error: unknown): unknown {
  if (error instanceof SnappyError) {
    const code = error.isTooLarge ? "too_large" : "malformed";
    return new AppError(code, `The body is no Snappy block: ${error.message}`, { cause: error });
  }
  if (error instanceof ProtobufError) {
    const detail = `The body is no WriteRequest: ${error.message}`;
    return new AppError("malformed", detail, { cause: error });
  }
  return error;
}

/** One request on its way: where the reading stands, and what was found since the last piece. */
class Request {
  readonly #reader: ProtobufReader;
  readonly #limits: RemoteWriteLimits;
  readonly #known: RemoteWriteSeries;
  /** Columns of this piece. */
  readonly #columns = new Map<KnownSeries, Column>();
  /** The series within which the piece before ended. */
  #open: { readonly series: KnownSeries | SeriesFault; readonly end: number } | null = null;
  readonly #refused = new Map<SeriesFault, number>();
  readonly #counts = {
    samples: 0,
    badTimes: 0,
    staleMarkers: 0,
    refusedSamples: 0,
    metadata: 0,
    exemplars: 0,
    histograms: 0,
  };
  #left = 0;

  constructor(bytes: Uint8Array, limits: RemoteWriteLimits, known: RemoteWriteSeries) {
    this.#reader = new ProtobufReader(bytes);
    this.#limits = limits;
    this.#known = known;
  }

  /** Reads on until the piece is full (false) or the request ends (true). */
  readPiece(): boolean {
    const reader = this.#reader;
    const end = reader.bytes.length;
    this.#left = this.#limits.pieceSamples;
    let series = this.#limits.pieceSeries;
    for (;;) {
      if (this.#open !== null) {
        if (!this.#readSeries(this.#open.series, this.#open.end)) return false;
        this.#open = null;
        series -= 1;
      }
      if (reader.at >= end) return true;
      if (series <= 0 || this.#left <= 0) return false;
      const tag = reader.tag(end);
      if (tag === tags.series) this.#openSeries(reader.lengthEnd(end));
      else {
        if (tag === tags.metadata) this.#counts.metadata += 1;
        reader.skip(tag, end);
        this.#left -= 1;
      }
    }
  }

  /** Gives the columns of the piece, by source, and begins with none. */
  takeColumns(): readonly (readonly [SourceKey, readonly Column[]])[] {
    const bySource = new Map<SourceKey, Column[]>();
    for (const [{ source }, column] of this.#columns) {
      const own = bySource.get(source);
      if (own === undefined) bySource.set(source, [column]);
      else own.push(column);
    }
    this.#columns.clear();
    return [...bySource];
  }

  summary(): RemoteWriteSummary {
    return { ...this.#counts, refusedSeries: this.#refused };
  }

  /** Labels come first: every encoder writes fields by their number. */
  #openSeries(end: number): void {
    const reader = this.#reader;
    const from = reader.at;
    let to = from;
    while (reader.at < end && to - from <= longestLabels) {
      if (reader.tag(end) !== tags.labels) break;
      reader.at = reader.lengthEnd(end);
      to = reader.at;
    }
    const isTooLong = to - from > longestLabels;
    const series = isTooLong ? "too_long" : this.#known.find(reader, from, to);
    if (typeof series === "string") {
      this.#refused.set(series, (this.#refused.get(series) ?? 0) + 1);
    }
    // Nothing of a series that is too long is looked at further: its samples may be labels without an end.
    if (isTooLong) reader.at = end;
    this.#open = { series, end };
  }

  /** Reads what comes after the labels; false when the piece was full before its end. */
  #readSeries(series: KnownSeries | SeriesFault, end: number): boolean {
    const reader = this.#reader;
    let column = typeof series === "string" ? undefined : this.#columns.get(series);
    while (reader.at < end) {
      if (this.#left <= 0) return false;
      this.#left -= 1;
      const tag = reader.tag(end);
      if (tag === tags.samples) {
        if (typeof series === "string") {
          this.#counts.refusedSamples += 1;
          reader.skip(tag, end);
          continue;
        }
        if (column === undefined) {
          column = { key: series.key, times: [], values: [] };
          this.#columns.set(series, column);
        }
        this.#readSample(reader.lengthEnd(end), column);
      } else {
        if (tag === tags.exemplars) this.#counts.exemplars += 1;
        else if (tag === tags.histograms) this.#counts.histograms += 1;
        else if (tag === tags.labels) throw new ProtobufError("a label comes after a sample");
        reader.skip(tag, end);
      }
    }
    return true;
  }

  /** What a message leaves out is 0. */
  #readSample(end: number, column: Column): void {
    const reader = this.#reader;
    if (end - reader.at > longestSample) throw new ProtobufError("a sample is too long");
    let value = 0;
    let time = 0;
    let isStale = false;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === tags.value) {
        value = reader.float64(end);
        isStale = Number.isNaN(value) && isStaleMarker(reader);
      } else if (tag === tags.timestamp) time = reader.int64(end);
      else reader.skip(tag, end);
    }
    if (isStale) this.#counts.staleMarkers += 1;
    else if (!(time >= importedTimes.earliest && time <= importedTimes.latest)) {
      this.#counts.badTimes += 1;
    } else {
      column.times.push(time);
      column.values.push(value);
      this.#counts.samples += 1;
    }
  }
}

/** Prometheus's marker of a series that has ended: one NaN among many. */
function isStaleMarker(reader: ProtobufReader): boolean {
  const { high, low } = reader.lastBits();
  return high === 0x7ff00000 && low === 2;
}
