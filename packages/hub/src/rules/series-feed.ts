/**
 * Samples that any process stored, as they are stored: what rules are fed with where several processes share a database.
 * Reads batches above the newest that was seen and waits some time for ids that are missing below it, whose transactions
 * may still be under way. Only sources that enabled rules may look at, and only series that they ask for.
 *
 * A sample may come twice, and does no harm: windows pass over what they have. What was merged before it was seen is
 * named instead, to be recalled from the store.
 */
import type { Frame, SeriesKey, SourceKey } from "../model/series.ts";
import type { SeriesTail, SeriesTailStore, TailPlaces, TailRows } from "../model/series-tail.ts";
import type { RuleSet, SubjectKind } from "./rule-set.ts";
import { seriesText } from "./series-plan.ts";

export interface SeriesFeedParts {
  readonly clock: { now(): number; monotonicMs(): number };
  readonly store: SeriesTailStore;
  readonly rules: () => RuleSet;
}

/** What was stored since the reading before. */
export interface Fed {
  readonly frames: readonly Frame[];
  /** Of these something may be in the store that was not handed over. */
  readonly stale: readonly SourceKey[];
  /** Everything that was stored up to then was handed over, epoch ms. */
  readonly upTo: number;
  readonly hasMore: boolean;
}

const subjectKinds = ["host", "monitor", "job"] as const satisfies readonly SubjectKind[];
/** What is missing for so long was taken back, or merged. */
const missingForMs = 30_000;
/** A transaction that takes longer is not waited for with the present; what it brings is taken in late. */
const waitedForMs = 2_000;
/** More gaps than that are not followed; the oldest are given up. */
const mostMissing = 5_000;
/** A series without a sample for so long leaves the list of its source, ms; and how often that is looked at. */
const forgottenMs = 3_900_000;
const pruneEveryMs = 600_000;

/** A source by its id: which of its slots go where. */
interface KnownSource {
  readonly source: SourceKey;
  readonly keys: ReadonlyMap<number, SeriesKey>;
  /** By slot: the place in the list; see `unwanted` and `unseen`. */
  places: Int32Array;
  list: List;
}

const unwanted = -1;
const unseen = -2;

/** The series of a source, those of its shards too, that had samples. Replaced by another when it grows. */
interface List {
  readonly source: SourceKey;
  readonly series: readonly SeriesKey[];
  readonly index: ReadonlyMap<string, number>;
  readonly lastAt: number[];
  prunedAt: number;
}

/** An id that was not there, and when that was noticed: monotonic and epoch ms. */
interface Gap {
  readonly sinceMs: number;
  readonly at: number;
}

export class SeriesFeed {
  readonly #parts: SeriesFeedParts;
  #after: TailPlaces | null = null;
  #upTo = Number.NEGATIVE_INFINITY;
  readonly #missing = { batches: new Map<number, Gap>(), blocks: new Map<number, Gap>() };
  readonly #known = new Map<number, KnownSource>();
  readonly #lists = new Map<SourceKey, List>();
  readonly #newestAt = new Map<SourceKey, number>();
  #rules: RuleSet | null = null;

  constructor(parts: SeriesFeedParts) {
    this.#parts = parts;
  }

  /** Forgets everything: the next reading begins with what is stored then. */
  reset(): void {
    this.#after = null;
    this.#upTo = Number.NEGATIVE_INFINITY;
    this.#missing.batches.clear();
    this.#missing.blocks.clear();
    this.#newestAt.clear();
    this.#forgetLists();
  }

  /** Reads what was stored since. */
  async read(): Promise<Fed> {
    const { clock, store, rules } = this.#parts;
    if (this.#rules !== rules()) this.#forgetLists();
    this.#rules = rules();
    const startedAt = clock.now();
    const tail = await store.seriesTail({
      after: this.#after,
      missing: {
        batches: [...this.#missing.batches.keys()],
        blocks: [...this.#missing.blocks.keys()],
      },
      kinds: subjectKinds.filter((kind) => rules().isAbout(kind)),
    });
    // Before anything is noted: a reading that fails is read again as a whole.
    await this.#meet(tail);
    const frames = this.#framesOf(tail.rows);
    const gap = { sinceMs: clock.monotonicMs(), at: startedAt };
    note(this.#missing.batches, tail.batches, this.#after?.batch, gap);
    note(this.#missing.blocks, tail.blocks, this.#after?.block, gap);
    this.#after = tail.newest;
    if (!tail.hasMore) this.#upTo = Math.max(this.#upTo, this.#completeAt(startedAt));
    return { frames, stale: this.#staleOf(tail), upTo: this.#upTo, hasMore: tail.hasMore };
  }

  /** Transactions that were under way may bring samples from before they are seen. */
  #completeAt(startedAt: number): number {
    const nowMs = this.#parts.clock.monotonicMs();
    let at = startedAt;
    for (const gap of this.#missing.batches.values()) {
      if (nowMs - gap.sinceMs < waitedForMs) at = Math.min(at, gap.at);
    }
    return at;
  }

  #forgetLists(): void {
    this.#known.clear();
    this.#lists.clear();
  }

  /** Asks for sources that are not known, and for those that have more series than is known. */
  async #meet({ rows }: SeriesTail): Promise<void> {
    const unknown = new Set<number>();
    eachRow(rows, ({ sourceId, slots }) => {
      const known = this.#known.get(sourceId);
      const size = known?.places.length ?? 0;
      if (known === undefined || slots.some((slot) => slot >= size)) unknown.add(sourceId);
    });
    if (unknown.size === 0) return;
    const rules = this.#parts.rules();
    const names = new Set(subjectKinds.flatMap((kind) => [...rules.metricsOf(kind)]));
    for (const found of await this.#parts.store.tailSources([...unknown], [...names])) {
      const source = baseOf(found.source);
      const keys = new Map(found.series.map(({ slot, key }) => [slot, key]));
      const list = this.#lists.get(source) ?? emptyList(source);
      this.#lists.set(source, list);
      const places = placesOf(keys, found.slots, list);
      this.#known.set(found.id, { source, keys, places, list });
    }
  }

  #framesOf(rows: TailRows): readonly Frame[] {
    const frames: Frame[] = [];
    eachRow(rows, (row) => {
      const known = this.#known.get(row.sourceId);
      // A source that was deleted meanwhile.
      if (known === undefined) return;
      this.#keepUp(known);
      if (row.slots.some((slot, i) => known.places[slot] === unseen && hasSample(row, i))) {
        this.#grow(known, row);
      }
      frames.push(frameOf(row, known));
      const newest = row.times.at(-1) ?? Number.NEGATIVE_INFINITY;
      const before = this.#newestAt.get(known.source) ?? Number.NEGATIVE_INFINITY;
      this.#newestAt.set(known.source, Math.max(before, newest));
      if (newest - known.list.prunedAt > pruneEveryMs) this.#prune(known.list, newest);
    });
    return frames;
  }

  /** Another shard made the list grow, or shrink. */
  #keepUp(known: KnownSource): void {
    const list = this.#lists.get(known.source);
    if (list === undefined || list === known.list) return;
    known.list = list;
    known.places = placesOf(known.keys, known.places.length, list);
  }

  #grow(known: KnownSource, row: Row): void {
    const { list } = known;
    const series = [...list.series];
    const index = new Map(list.index);
    for (const [i, slot] of row.slots.entries()) {
      const key = known.keys.get(slot);
      if (key === undefined || known.places[slot] !== unseen || !hasSample(row, i)) continue;
      index.set(textOf(key), series.push(key) - 1);
    }
    const lastAt = [...list.lastAt];
    while (lastAt.length < series.length) lastAt.push(Number.NEGATIVE_INFINITY);
    this.#lists.set(known.source, { ...list, series, index, lastAt });
    this.#keepUp(known);
  }

  /** Drops series that were removed: a container, a disk. */
  #prune(list: List, now: number): void {
    list.prunedAt = now;
    const isThere = (place: number): boolean => now - (list.lastAt[place] ?? now) < forgottenMs;
    if (list.series.every((_, place) => isThere(place))) return;
    const series = list.series.filter((_, place) => isThere(place));
    this.#lists.set(list.source, {
      source: list.source,
      series,
      index: new Map(series.map((key, place) => [textOf(key), place])),
      lastAt: list.lastAt.filter((_, place) => isThere(place)),
      prunedAt: now,
    });
  }

  #staleOf({ merged }: SeriesTail): readonly SourceKey[] {
    const stale = new Set<SourceKey>();
    for (const { sourceId, to } of merged) {
      const source = this.#known.get(sourceId)?.source;
      // What was never heard of is recalled when it is.
      if (source !== undefined && to > (this.#newestAt.get(source) ?? to)) stale.add(source);
    }
    return [...stale];
  }
}

/** One batch. */
interface Row {
  readonly sourceId: number;
  readonly times: Float64Array;
  readonly slots: Uint32Array;
  readonly values: Float64Array;
}

function eachRow(rows: TailRows, take: (row: Row) => void): void {
  let [timeAt, slotAt, cellAt] = [0, 0, 0];
  for (const [i, sourceId] of rows.sourceIds.entries()) {
    const [times, slots] = [rows.sizes[2 * i] ?? 0, rows.sizes[2 * i + 1] ?? 0];
    const cells = times * slots;
    take({
      sourceId,
      times: rows.times.subarray(timeAt, timeAt + times),
      slots: rows.slots.subarray(slotAt, slotAt + slots),
      values: rows.values.subarray(cellAt, cellAt + cells),
    });
    timeAt += times;
    slotAt += slots;
    cellAt += cells;
  }
}

function hasSample({ times, values }: Row, column: number): boolean {
  const from = column * times.length;
  for (let i = 0; i < times.length; i += 1) if (!Number.isNaN(values[from + i])) return true;
  return false;
}

/** The samples in their places of the list; NaN, which rules take for no sample, in all others. */
function frameOf({ times, slots, values }: Row, { source, places, list }: KnownSource): Frame {
  const { length } = times;
  const all = new Float64Array(list.series.length * length).fill(Number.NaN);
  const newest = times.at(-1) ?? Number.NEGATIVE_INFINITY;
  for (const [i, slot] of slots.entries()) {
    const place = places[slot] ?? unwanted;
    if (place < 0) continue;
    all.set(values.subarray(i * length, (i + 1) * length), place * length);
    list.lastAt[place] = Math.max(list.lastAt[place] ?? newest, newest);
  }
  return { source, series: list.series, times, values: all };
}

function placesOf(
  keys: ReadonlyMap<number, SeriesKey>,
  slots: number,
  { index }: List,
): Int32Array {
  const places = new Int32Array(slots).fill(unwanted);
  for (const [slot, key] of keys) places[slot] = index.get(textOf(key)) ?? unseen;
  return places;
}

function emptyList(source: SourceKey): List {
  return { source, series: [], index: new Map(), lastAt: [], prunedAt: 0 };
}

/** Shards of a host belong to the host. */
function baseOf(source: SourceKey): SourceKey {
  return source.startsWith("host:") ? source.replace(/#\d+$/, "") : source;
}

function textOf({ name, labels }: SeriesKey): string {
  return `${name}\n${seriesText(labels)}`;
}

/** Notes which ids are missing now. */
function note(
  missing: Map<number, Gap>,
  seen: Float64Array,
  after: number | undefined,
  gap: Gap,
): void {
  let next = after === undefined ? seen.find(() => true) : after + 1;
  for (const id of seen) {
    missing.delete(id);
    if (next === undefined || id < next) continue;
    // A leap of the sequence is no gap of transactions under way.
    if (id - next <= mostMissing) for (; next < id; next += 1) missing.set(next, gap);
    next = id + 1;
  }
  for (const [id, { sinceMs }] of missing) {
    if (gap.sinceMs - sinceMs < missingForMs && missing.size <= mostMissing) break;
    missing.delete(id);
  }
}
