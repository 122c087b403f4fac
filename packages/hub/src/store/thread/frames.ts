/**
 * Frames on their way to a store thread. A batch travels as five typed arrays instead of thousands of small objects;
 * what is the same every time (source, labels, list of series) is sent once and named by a number afterwards.
 *
 *     shape    4 numbers per frame: stream, number of times, number of series, 1 when `present` has a part of it
 *     times    the times of all frames, one after another
 *     values   the values of all frames, likewise
 *     present  the presence of those frames that have one
 */
import { AppError } from "../../model/error.ts";
import type { Frame, SeriesKey, SourceKey, SourceLabels } from "../../model/series.ts";

export interface PackedFrames {
  /** Streams named for the first time in this batch, before any frame uses them. */
  readonly streams: readonly Stream[];
  /** Streams that will not be named again after this batch. */
  readonly forgotten: readonly number[];
  readonly shape: Uint32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  readonly present: Uint8Array<ArrayBuffer>;
}

/** A source with the labels and the list of series that its next frames have. */
export interface Stream {
  readonly number: number;
  readonly source: SourceKey;
  readonly sourceLabels: SourceLabels | null;
  readonly series: readonly SeriesKey[];
}

const shapeSize = 4;

/** Sources whose lists are remembered; about 100 bytes each here. Beyond it the oldest are sent again. */
const maxStreams = 200_000;

/** The sending side; one per thread, and every batch must arrive, in order. */
export class FramePacker {
  readonly #streams = new Map<SourceKey, Stream & { readonly labels: SourceLabels | undefined }>();
  readonly #maxStreams: number;
  #next = 0;

  constructor(max = maxStreams) {
    this.#maxStreams = max;
  }

  pack(frames: readonly Frame[]): PackedFrames {
    let timeCount = 0;
    let valueCount = 0;
    let presentCount = 0;
    for (const frame of frames) {
      checkShape(frame);
      timeCount += frame.times.length;
      valueCount += frame.values.length;
      presentCount += frame.present?.length ?? 0;
    }
    const streams: Stream[] = [];
    const forgotten: number[] = [];
    const shape = new Uint32Array(frames.length * shapeSize);
    const times = new Float64Array(timeCount);
    const values = new Float64Array(valueCount);
    const present = new Uint8Array(presentCount);
    let [at, timeAt, valueAt, presentAt] = [0, 0, 0, 0];
    for (const frame of frames) {
      shape[at] = this.#streamOf(frame, streams, forgotten);
      shape[at + 1] = frame.times.length;
      shape[at + 2] = frame.series.length;
      times.set(frame.times, timeAt);
      timeAt += frame.times.length;
      values.set(frame.values, valueAt);
      valueAt += frame.values.length;
      if (frame.present !== undefined) {
        shape[at + 3] = 1;
        present.set(frame.present, presentAt);
        presentAt += frame.present.length;
      }
      at += shapeSize;
    }
    return { streams, forgotten, shape, times, values, present };
  }

  /** Names every stream again: a batch did not arrive. */
  forgetAll(): void {
    this.#streams.clear();
  }

  /** The number of a frame's stream; a source with another list or other labels gets another number. */
  #streamOf(frame: Frame, added: Stream[], forgotten: number[]): number {
    const known = this.#streams.get(frame.source);
    if (known?.series === frame.series && known.labels === frame.sourceLabels) return known.number;
    if (known !== undefined) forgotten.push(known.number);
    else if (this.#streams.size >= this.#maxStreams) this.#dropOldest(forgotten);
    const { source, series, sourceLabels } = frame;
    const number = this.#next++;
    const stream = { number, source, series, sourceLabels: sourceLabels ?? null };
    added.push(stream);
    this.#streams.set(source, { ...stream, labels: sourceLabels });
    return number;
  }

  #dropOldest(forgotten: number[]): void {
    for (const [source, stream] of this.#streams) {
      this.#streams.delete(source);
      forgotten.push(stream.number);
      return;
    }
  }
}

/** A frame of another shape would shift the values of those behind it. */
function checkShape({ source, series, times, values, present }: Frame): void {
  const size = series.length * times.length;
  if (values.length === size && (present === undefined || present.length === size)) return;
  throw new AppError(
    "internal",
    `a frame of ${source} has ${values.length} values for ${series.length} series at ${times.length} times`,
  );
}

/** The receiving side. */
export class FrameUnpacker {
  readonly #streams = new Map<number, Stream>();
  readonly #keys = new SharedKeys();

  /** The frames of a batch; their arrays are views into the batch, their `series` the same object every time. */
  unpack(packed: PackedFrames): readonly Frame[] {
    for (const stream of packed.streams) {
      const series = stream.series.map((key) => this.#keys.share(key));
      this.#streams.set(stream.number, { ...stream, series });
    }
    const frames: Frame[] = [];
    const { shape, times, values, present } = packed;
    let [timeAt, valueAt, presentAt] = [0, 0, 0];
    for (let at = 0; at < shape.length; at += shapeSize) {
      const stream = this.#streams.get(shape[at] ?? 0);
      if (stream === undefined) throw new Error(`frame of an unknown stream ${shape[at]}`);
      const timeCount = shape[at + 1] ?? 0;
      const valueCount = timeCount * (shape[at + 2] ?? 0);
      const hasPresent = shape[at + 3] === 1;
      frames.push({
        source: stream.source,
        ...(stream.sourceLabels === null ? {} : { sourceLabels: stream.sourceLabels }),
        series: stream.series,
        times: times.subarray(timeAt, timeAt + timeCount),
        values: values.subarray(valueAt, valueAt + valueCount),
        ...(hasPresent ? { present: present.subarray(presentAt, presentAt + valueCount) } : {}),
      });
      timeAt += timeCount;
      valueAt += valueCount;
      if (hasPresent) presentAt += valueCount;
    }
    for (const number of packed.forgotten) this.#streams.delete(number);
    return frames;
  }
}

/** Texts that are remembered; beyond it what comes next is shared among itself. */
const maxShared = 100_000;

/** Sources of one kind have the same series: one object for each, instead of one for each of each source. */
class SharedKeys {
  readonly #keys = new Map<string, SeriesKey>();

  share(key: SeriesKey): SeriesKey {
    const text = JSON.stringify([key.name, key.labels]);
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    if (this.#keys.size >= maxShared) this.#keys.clear();
    this.#keys.set(text, key);
    return key;
  }
}

/** The buffers that can change hands instead of being copied. */
export function transferablesOf(packed: PackedFrames): ArrayBuffer[] {
  const { shape, times, values, present } = packed;
  return [shape.buffer, times.buffer, values.buffer, present.buffer];
}

/** Bytes of the arrays, for the bound on a queue. */
export function sizeOf({ shape, times, values, present }: PackedFrames): number {
  return shape.byteLength + times.byteLength + values.byteLength + present.byteLength;
}
