/**
 * Samples on their way from the hub's thread to that of remote write: copied into columns as they come, and taken all at
 * once. There is a bound: what does not fit is left out, whole frames at a time, and counted, so whoever hands in samples
 * never waits.
 */
import { SeriesRefs, type Definition, type SampleFrame } from "./series-refs.ts";

/** Samples as columns, in the order they came. */
export interface Samples {
  readonly refs: Uint32Array<ArrayBuffer>;
  /** Epoch ms. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
}

/** What is taken at once. */
export interface Gathered extends Samples {
  /** Numbers mean something else than in the batch before: the first batch of a process, or a book was full. */
  readonly isNewBook: boolean;
  /** Series these samples are the first of, in this book. */
  readonly definitions: readonly Definition[];
}

export interface GatherStats {
  /** Samples that wait. */
  readonly waiting: number;
  /** Samples left out since the start. */
  readonly dropped: number;
}

/** 20 bytes each. */
const mostSamples = 2_000_000;
const firstRoom = 4096;

export class Gather {
  readonly #refs: SeriesRefs;
  readonly #most: number;
  #columns = columnsOf(firstRoom);
  #length = 0;
  #dropped = 0;
  #isNewBook = true;

  constructor(most = mostSamples, refs = new SeriesRefs()) {
    this.#most = most;
    this.#refs = refs;
  }

  get stats(): GatherStats {
    return { waiting: this.#length, dropped: this.#dropped };
  }

  /** Copies what the frames hold. */
  take(frames: readonly SampleFrame[]): void {
    for (const frame of frames) this.#takeFrame(frame);
  }

  #takeFrame(frame: SampleFrame): void {
    const { series, times, values, present } = frame;
    const size = series.length * times.length;
    if (this.#length + size > this.#most || (this.#refs.isFull && this.#length > 0)) {
      this.#dropped += countOf(present, size);
      return;
    }
    // Numbers of two books never meet in one batch.
    if (this.#refs.isFull) this.renew();
    this.#makeRoom(this.#length + size);
    const refs = this.#refs.of(frame);
    const to = this.#columns;
    let at = this.#length;
    for (let s = 0, i = 0; s < series.length; s += 1) {
      const ref = refs[s] ?? 0;
      for (let t = 0; t < times.length; t += 1, i += 1) {
        if (present !== undefined && present[i] === 0) continue;
        to.refs[at] = ref;
        to.times[at] = Math.round(times[t] ?? 0);
        to.values[at] = values[i] ?? Number.NaN;
        at += 1;
      }
    }
    this.#length = at;
  }

  #makeRoom(length: number): void {
    const room = this.#columns.refs.length;
    if (length <= room) return;
    const wider = columnsOf(Math.max(length, room * 2));
    wider.refs.set(this.#columns.refs.subarray(0, this.#length));
    wider.times.set(this.#columns.times.subarray(0, this.#length));
    wider.values.set(this.#columns.values.subarray(0, this.#length));
    this.#columns = wider;
  }

  /** The other side lost what it knew: every series is described anew. */
  renew(): void {
    this.#refs.clear();
    this.#isNewBook = true;
  }

  /** Everything that came since the last call; undefined when there is nothing. */
  flush(): Gathered | undefined {
    if (this.#length === 0) return undefined;
    const { refs, times, values } = this.#columns;
    const length = this.#length;
    const gathered = {
      isNewBook: this.#isNewBook,
      definitions: this.#refs.takeDefinitions(),
      refs: refs.slice(0, length),
      times: times.slice(0, length),
      values: values.slice(0, length),
    };
    this.#isNewBook = false;
    this.#length = 0;
    if (refs.length > 16 * length && refs.length > firstRoom) this.#columns = columnsOf(firstRoom);
    return gathered;
  }
}

function columnsOf(room: number): Samples {
  return {
    refs: new Uint32Array(room),
    times: new Float64Array(room),
    values: new Float64Array(room),
  };
}

function countOf(present: Uint8Array | undefined, size: number): number {
  return present === undefined ? size : present.reduce((sum, one) => sum + (one === 0 ? 0 : 1), 0);
}
