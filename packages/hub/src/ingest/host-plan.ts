/**
 * Which columns of a host's batches are kept. All of them as a rule; a host with more series than one may have keeps the
 * first ones, and a host that names ever new series (a label that holds a time, a number, an id) keeps those it had when
 * it reached the bound, until the day is over: each series costs memory and disk for as long as its samples are kept.
 */
import type { SeriesKey } from "../model/series.ts";
import { listOf, type SeriesList } from "./host-series.ts";

/** What is kept of batches with one list of series. */
export interface Plan {
  readonly hash: string;
  /** What is kept; one object as long as the list is the same. */
  readonly list: SeriesList;
  /** The columns that are kept; null: the first ones. */
  readonly columns: Uint32Array | null;
  readonly refused: number;
  /** When it may be less: monotonic ms. */
  readonly until: number;
}

const windowMs = 86_400_000;
/** Different series of a host in a window, as a multiple of those it may have at once. */
const windowFactor = 4;

/** The series of one host over time. */
export class HostSeries {
  readonly #most: number;
  #plan: Plan | null = null;
  /** Series since the window began, by their hash; null as long as the list was always the same. */
  #seen: Set<number> | null = null;
  #windowEndsMs = 0;

  /** `most`: series at once. */
  constructor(most: number) {
    this.#most = most;
  }

  get refused(): number {
    return this.#plan?.refused ?? 0;
  }

  /** Why series are refused, in words; null when none are. */
  get complaint(): string | null {
    const refused = this.refused;
    if (refused === 0) return null;
    const kept = this.#plan?.list.series.length ?? 0;
    if (kept >= this.#most) {
      return `It has ${kept + refused} series; ${refused} of them are refused, since a host may have ${this.#most}`;
    }
    const bound = this.#most * windowFactor;
    return `It names ever new series, more than ${bound} within a day; ${refused} of its ${kept + refused} are refused until the day is over`;
  }

  /** What to keep of batches with this list. `nowMs` is monotonic. */
  planFor(hash: string, list: SeriesList, nowMs: number): Plan {
    const known = this.#plan;
    if (known?.hash === hash && nowMs < known.until) return known;
    const plan = this.#makePlan(hash, list, nowMs);
    this.#plan = plan;
    return plan;
  }

  #makePlan(hash: string, list: SeriesList, nowMs: number): Plan {
    if (nowMs >= this.#windowEndsMs) {
      this.#windowEndsMs = nowMs + windowMs;
      this.#seen = null;
      this.#plan = null;
    }
    const whole: Plan = { hash, list, columns: null, refused: 0, until: Number.POSITIVE_INFINITY };
    if (this.#plan === null) {
      // The first list of the window: as long as it stays the only one, nothing has to be remembered.
      return list.series.length <= this.#most ? whole : this.#firstOnes(hash, list);
    }
    this.#seen ??= new Set(this.#plan.list.series.map(hashOf));
    const columns = this.#admit(list.series, this.#seen);
    if (columns.length === list.series.length) return whole;
    const kept = columns.map((column) => list.series[column]).filter(isThere);
    return {
      hash,
      list: listOf(kept),
      columns: Uint32Array.from(columns),
      refused: list.series.length - columns.length,
      until: this.#windowEndsMs,
    };
  }

  #firstOnes(hash: string, list: SeriesList): Plan {
    const series = list.series.slice(0, this.#most);
    const refused = list.series.length - series.length;
    return { hash, list: listOf(series), columns: null, refused, until: this.#windowEndsMs };
  }

  /** The columns that are kept: known series first come, new ones as long as there is room in the window. */
  #admit(series: readonly SeriesKey[], seen: Set<number>): number[] {
    const columns: number[] = [];
    for (const [column, key] of series.entries()) {
      if (columns.length >= this.#most) break;
      const hash = hashOf(key);
      if (!seen.has(hash)) {
        if (seen.size >= this.#most * windowFactor) continue;
        seen.add(hash);
      }
      columns.push(column);
    }
    return columns;
  }
}

/** The values of the kept columns. */
export function pick<A extends Float64Array | Uint8Array>(
  plan: Plan,
  all: A,
  times: number,
  make: (length: number) => A,
): A {
  const kept = plan.list.series.length;
  if (all.length === kept * times) return all;
  const picked = make(kept * times);
  for (let place = 0; place < kept; place += 1) {
    const column = plan.columns?.[place] ?? place;
    picked.set(all.subarray(column * times, (column + 1) * times), place * times);
  }
  return picked;
}

function isThere(key: SeriesKey | undefined): key is SeriesKey {
  return key !== undefined;
}

/** 53 bits of a series: two different ones have the same once in some 10^11 pairs, and then one more is let in. */
function hashOf({ name, labels }: SeriesKey): number {
  let low = mix(0x811c9dc5, name);
  let high = mix(0x01000193, name);
  for (const label in labels) {
    const value = labels[label] ?? "";
    low = mix(mix(low, label), value);
    high = mix(mix(high, value), label);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

function mix(hash: number, text: string): number {
  let mixed = Math.imul(hash ^ text.length, 0x5bd1e995);
  for (let i = 0; i < text.length; i += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}
