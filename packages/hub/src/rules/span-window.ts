/**
 * What is kept of one series over a span: thirty pieces of equal length, so that a window of a minute and one of a day cost
 * the same 800 bytes. A span therefore ends with the precision of a thirtieth of itself.
 *
 * Samples come as they come. One that is older than the newest fills an empty piece and is passed over in a piece that has
 * something: a batch that is sent twice counts once. Of a counter only newer samples count, since the later value has
 * everything in it. NaN is no sample.
 */

/** What a window keeps of each piece. */
export type SpanKind = "sum" | "min" | "max" | "increase" | "last";

const pieces = 30;
/** One more on either side, for what lies at the edges. */
const slots = pieces + 2;
const width = 3;

/** Samples of a bucket, when a window is filled from rollups; times are epoch ms. */
export interface BucketSamples {
  readonly start: number;
  readonly stepMs: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly last: number;
}

/** A straight line through the samples of a span. */
export interface Trend {
  /** Where the line is at the time that was asked for. */
  readonly value: number;
  /** Per second. */
  readonly slope: number;
  /** How much of the movement the line explains, 0 to 1. */
  readonly fit: number;
}

export class SpanWindow {
  readonly kind: SpanKind;
  readonly overMs: number;
  readonly #pieceMs: number;
  /** Per slot: the number of the piece, and two figures of it; see `#put`. */
  readonly #slots = new Float64Array(slots * width).fill(Number.NEGATIVE_INFINITY);
  #firstAt = Number.POSITIVE_INFINITY;
  #newestAt = Number.NEGATIVE_INFINITY;
  #newest = Number.NaN;

  constructor(kind: SpanKind, overMs: number) {
    this.kind = kind;
    this.overMs = overMs;
    this.#pieceMs = overMs / pieces;
  }

  /** Takes in a sample; `at` is epoch ms. */
  add(at: number, value: number): void {
    if (Number.isNaN(value)) return;
    this.#put(at, value, value, 1);
  }

  /** Takes in a bucket of a rollup as what it says of this window's pieces. */
  addBucket({ start, stepMs, min, max, sum, count, last }: BucketSamples): void {
    if (!(count > 0)) return;
    const value = this.kind === "min" ? min : this.kind === "max" ? max : last;
    this.#put(start + stepMs - 1, value, sum, count);
  }

  /** Whether the series has been known for at least half of the span. */
  hasHistory(now: number): boolean {
    return now - this.#firstAt >= this.overMs / 2;
  }

  /** The aggregate over the span up to `now`; undefined where no sample lies in it. For `sum`: of all samples. */
  aggregate(now: number): number | undefined {
    let result: number | undefined;
    this.#each(now, (a) => {
      if (result === undefined) result = a;
      else if (this.kind === "min") result = Math.min(result, a);
      else if (this.kind === "max") result = Math.max(result, a);
      else result += a;
    });
    return result;
  }

  /** The mean of the samples in the span, of a window of the kind `sum`. */
  average(now: number): number | undefined {
    let sum = 0;
    let count = 0;
    this.#each(now, (a, b) => {
      sum += a;
      count += b;
    });
    return count === 0 ? undefined : sum / count;
  }

  /** By how much a counter grows per second, over the part of the span that has samples. */
  rate(now: number): number | undefined {
    let increase = 0;
    let elapsedMs = 0;
    this.#each(now, (a, b) => {
      increase += a;
      elapsedMs += b;
    });
    return elapsedMs > 0 ? (increase / elapsedMs) * 1000 : undefined;
  }

  /** The value a span ago; undefined where none is known of about that time. Of a window of the kind `last`. */
  valueBefore(now: number): number | undefined {
    const wanted = now - this.overMs;
    const least = wanted - Math.max(this.#pieceMs, this.overMs / 2);
    let found = Number.NEGATIVE_INFINITY;
    let value: number | undefined;
    for (let slot = 0; slot < slots; slot += 1) {
      const at = this.#slots[slot * width + 1] ?? Number.NaN;
      if (at > found && at >= least && at <= wanted + this.#pieceMs) {
        found = at;
        value = this.#slots[slot * width + 2];
      }
    }
    return value;
  }

  /** The line of least squares through the span, at `at` (epoch ms). Of a window of the kind `last`. */
  trend(now: number, at: number): Trend | undefined {
    let n = 0;
    let [sumX, sumY, sumXX, sumXY, sumYY] = [0, 0, 0, 0, 0];
    let earliest = now;
    // Seconds from now, and values from the newest: squares of epoch times would leave no digits for the rest.
    this.#each(now, (time, value) => {
      const x = (time - now) / 1000;
      const y = value - this.#newest;
      n += 1;
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumXY += x * y;
      sumYY += y * y;
      earliest = Math.min(earliest, time);
    });
    const varianceX = n * sumXX - sumX * sumX;
    if (n < leastPoints || now - earliest < this.overMs / 2 || !(varianceX > 0)) return undefined;
    const covariance = n * sumXY - sumX * sumY;
    const varianceY = n * sumYY - sumY * sumY;
    const slope = covariance / varianceX;
    const value = this.#newest + (sumY - slope * sumX) / n + (slope * (at - now)) / 1000;
    const fit = varianceY > 0 ? (covariance * covariance) / (varianceX * varianceY) : 1;
    return Number.isFinite(value) ? { value, slope, fit: Math.min(1, fit) } : undefined;
  }

  #put(at: number, value: number, sum: number, count: number): void {
    const piece = Math.floor(at / this.#pieceMs);
    const isNewer = at > this.#newestAt;
    const place = (((piece % slots) + slots) % slots) * width;
    const kept = this.#slots[place] ?? Number.NEGATIVE_INFINITY;
    if (!isNewer && (kept >= piece || this.kind === "increase")) return;
    const [before, beforeAt] = [this.#newest, this.#newestAt];
    this.#firstAt = Math.min(this.#firstAt, at);
    if (isNewer) {
      this.#newest = value;
      this.#newestAt = at;
    }
    const isSame = kept === piece;
    const a = isSame ? (this.#slots[place + 1] ?? 0) : 0;
    const b = isSame ? (this.#slots[place + 2] ?? 0) : 0;
    this.#slots[place] = piece;
    const [nextA, nextB] = ((): readonly [number, number] => {
      switch (this.kind) {
        case "sum":
          return [a + sum, b + count];
        case "min":
          return [isSame ? Math.min(a, value) : value, 0];
        case "max":
          return [isSame ? Math.max(a, value) : value, 0];
        case "last":
          return [at, value];
        case "increase": {
          if (Number.isNaN(before)) return [0, 0];
          // A counter that is smaller than before began anew: what it has counted since is its growth.
          const grown = value >= before ? value - before : value;
          return [a + grown, b + at - beforeAt];
        }
      }
    })();
    this.#slots[place + 1] = nextA;
    this.#slots[place + 2] = nextB;
  }

  /** Hands out the pieces of the span that ends at `now`. */
  #each(now: number, take: (a: number, b: number) => void): void {
    const last = Math.floor(now / this.#pieceMs);
    for (let slot = 0; slot < slots; slot += 1) {
      const piece = this.#slots[slot * width] ?? Number.NaN;
      if (piece <= last - pieces || piece > last) continue;
      take(
        this.#slots[slot * width + 1] ?? Number.NaN,
        this.#slots[slot * width + 2] ?? Number.NaN,
      );
    }
  }
}

/** A line through fewer points says nothing. */
const leastPoints = 5;
