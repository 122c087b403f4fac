/**
 * Which source and slot a series has. Slots are given when a series is first appended and never given twice.
 *
 * What is remembered here only saves work: each append asks for the rows of its sources, and what does not agree with
 * them is forgotten: the source was deleted, its slots were given by a transaction that was rolled back, or another hub
 * has given slots since. The row's stamp tells.
 */
import { AppError } from "../../model/error.ts";
import { mayHaveShards, seriesPerShard, shardOf } from "./shard.ts";
import type { Frame, SeriesKey, SourceKey, SourceLabels } from "../../model/series.ts";
import { compareText, labelsText, seriesText } from "./labels.ts";
import type { SeriesRow, SeriesTables, SourceRow } from "./tables.ts";

/** Where the columns of a list of series go: `columns[i]` of the frame is at `slots[i]`; slots ascend. */
export interface Placement {
  readonly sourceId: number;
  readonly columns: Uint32Array;
  readonly slots: Uint32Array;
}

/** Slots of lists that are no stable objects are remembered for this many series in all. */
const maxRemembered = 200_000;

interface Known {
  readonly id: number;
  /** The row's stamp when the newest of `bySeries` and `plans` was made. */
  stamp: number;
  bySeries: Map<string, number> | null;
  readonly plans: WeakMap<readonly SeriesKey[], Plan>;
  /** Of a source cut into shards: its shards as far as plans use them, the source itself first. */
  shards: readonly SourceKey[];
  labels: { readonly from: SourceLabels; readonly text: string } | null;
}

/** Holds as long as all that is known of its shards does. */
interface Plan {
  readonly placements: readonly Placement[];
  readonly shards: readonly Known[];
}

/** A source as one append sees it. */
interface Found {
  row: SourceRow;
  readonly known: Known;
}

export class Catalogue {
  readonly #known = new Map<SourceKey, Known>();
  /** Keys are shared by sources of one kind, so their texts are too. */
  readonly #texts = new WeakMap<SeriesKey, string>();
  #remembered = 0;

  /** Finds or makes the sources and series of frames; gives each frame's placements. */
  async place(
    tables: SeriesTables,
    frames: readonly Frame[],
  ): Promise<readonly (readonly Placement[])[]> {
    const keys = [...new Set(frames.map((frame) => frame.source))].toSorted();
    const asked = keys.flatMap((key) => this.#known.get(key)?.shards ?? [key]);
    const found = new Map<SourceKey, Found>();
    for (const row of await tables.sources(asked, true)) this.#found(found, row);
    // In one order everywhere, so that two hubs never wait for each other.
    for (const key of keys) {
      if (found.has(key)) continue;
      const labels = frames.find((frame) => frame.source === key)?.sourceLabels ?? {};
      this.#found(found, await tables.createSource(key, labelsText(labels)));
    }
    const placements = new Map<Frame, readonly Placement[]>();
    for (const frame of frames.toSorted((a, b) => compareText(a.source, b.source))) {
      const source = found.get(frame.source);
      if (source === undefined) throw new Error(`no row for the source ${frame.source}`);
      await this.#keepLabels(tables, found, source, frame.sourceLabels);
      placements.set(frame, await this.#planOf(tables, found, source, frame.series));
    }
    return frames.map((frame) => placements.get(frame) ?? []);
  }

  #textOf(key: SeriesKey): string {
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = seriesText(key);
      this.#texts.set(key, text);
    }
    return text;
  }

  forget(source: SourceKey): void {
    const known = this.#known.get(source);
    this.#remembered -= known?.bySeries?.size ?? 0;
    this.#known.delete(source);
  }

  #found(found: Map<SourceKey, Found>, row: SourceRow): Found {
    let known = this.#known.get(row.key);
    if (known !== undefined && (known.id !== row.id || known.stamp !== row.stamp)) {
      this.forget(row.key);
      known = undefined;
    }
    known ??= {
      id: row.id,
      stamp: row.stamp,
      bySeries: null,
      plans: new WeakMap(),
      shards: [row.key],
      labels: null,
    };
    this.#known.set(row.key, known);
    const entry = { row, known };
    found.set(row.key, entry);
    return entry;
  }

  /** Shards carry the labels of their source, so that selectors find their series. */
  async #keepLabels(
    tables: SeriesTables,
    found: Map<SourceKey, Found>,
    { known }: Found,
    labels: SourceLabels | undefined,
  ): Promise<void> {
    if (labels === undefined) return;
    if (known.labels?.from !== labels) known.labels = { from: labels, text: labelsText(labels) };
    const { text } = known.labels;
    for (const key of known.shards) {
      const shard = found.get(key);
      if (shard === undefined || shard.row.labels === text) continue;
      await tables.setSourceLabels(shard.row.id, text);
      shard.row = { ...shard.row, labels: text };
    }
  }

  async #planOf(
    tables: SeriesTables,
    found: Map<SourceKey, Found>,
    source: Found,
    series: readonly SeriesKey[],
  ): Promise<readonly Placement[]> {
    const { known, row } = source;
    const ready = known.plans.get(series);
    const isSame = (shard: Known, i: number): boolean =>
      found.get(shardOf(row.key, i))?.known === shard;
    if (ready?.shards.every(isSame) === true) return ready.placements;
    const texts = series.map((key) => this.#textOf(key));
    const shards: Known[] = [];
    const places = mayHaveShards(row.key)
      ? await this.#placeInShards(tables, found, source, series, texts, shards)
      : await this.#placeInSource(tables, source, series, texts, Infinity);
    const placements = plansOf(places);
    known.plans.set(series, { placements, shards });
    if (shards.length > known.shards.length) {
      known.shards = shards.map((_, shard) => shardOf(row.key, shard));
    }
    return placements;
  }

  /**
   * Gives every series a slot in the source or one of its shards: in the first that has it or has room for it. Names
   * those in `used`.
   */
  async #placeInShards(
    tables: SeriesTables,
    found: Map<SourceKey, Found>,
    first: Found,
    series: readonly SeriesKey[],
    texts: readonly string[],
    used: Known[],
  ): Promise<readonly Place[]> {
    const places: Place[] = [];
    let left = texts.map((_, column) => column);
    for (let shard = 0; left.length > 0; shard += 1) {
      const key = shardOf(first.row.key, shard);
      const source = found.get(key) ?? (await this.#shard(tables, found, key, first.row.labels));
      used.push(source.known);
      const some = await this.#placeInSource(
        tables,
        source,
        left.map((column) => series[column] ?? { name: "", labels: {} }),
        left.map((column) => texts[column] ?? ""),
        seriesPerShard,
      );
      const placed = new Set<number>();
      for (const { sourceId, column, slot } of some) {
        const whole = left[column] ?? 0;
        placed.add(whole);
        places.push({ sourceId, column: whole, slot });
      }
      left = left.filter((column) => !placed.has(column));
    }
    return places;
  }

  async #shard(
    tables: SeriesTables,
    found: Map<SourceKey, Found>,
    key: SourceKey,
    labels: string,
  ): Promise<Found> {
    const [row] = await tables.sources([key], true);
    return this.#found(found, row ?? (await tables.createSource(key, labels)));
  }

  /** Places of those series that the source has or has room for. */
  async #placeInSource(
    tables: SeriesTables,
    source: Found,
    series: readonly SeriesKey[],
    texts: readonly string[],
    room: number,
  ): Promise<readonly Place[]> {
    let slots = await this.#slotsOf(tables, source);
    const isMissing = (text: string): boolean => !slots.has(text);
    if (texts.some(isMissing) && source.row.slots < room) {
      const row = await tables.lockSource(source.row.id, "wait");
      if (row === undefined) {
        throw new AppError("conflict", `the source ${source.row.key} was deleted meanwhile`);
      }
      if (row.stamp !== source.row.stamp) {
        // Another hub has given slots before the lock was ours.
        source.row = row;
        slots = await this.#reload(tables, source);
      }
      await this.#giveSlots(tables, source, slots, series, texts, room);
    }
    return texts.flatMap((text, column) => {
      const slot = slots.get(text);
      return slot === undefined ? [] : [{ sourceId: source.row.id, column, slot }];
    });
  }

  async #giveSlots(
    tables: SeriesTables,
    source: Found,
    slots: Map<string, number>,
    series: readonly SeriesKey[],
    texts: readonly string[],
    room: number,
  ): Promise<void> {
    const added: SeriesRow[] = [];
    let next = source.row.slots;
    for (const [column, text] of texts.entries()) {
      const key = series[column];
      if (key === undefined || slots.has(text) || next >= room) continue;
      added.push({ slot: next, name: key.name, labels: labelsText(key.labels) });
      slots.set(text, next);
      next += 1;
    }
    if (added.length === 0) return;
    const stamp = await tables.addSeries(source.row.id, added, next);
    this.#remembered += added.length;
    source.row = { ...source.row, slots: next, stamp };
    source.known.stamp = stamp;
  }

  async #slotsOf(tables: SeriesTables, source: Found): Promise<Map<string, number>> {
    return source.known.bySeries ?? this.#reload(tables, source);
  }

  async #reload(tables: SeriesTables, source: Found): Promise<Map<string, number>> {
    if (this.#remembered > maxRemembered) this.#dropLists();
    const { known } = source;
    this.#remembered -= known.bySeries?.size ?? 0;
    const rows = await tables.seriesOf(source.row.id);
    const slots = new Map(rows.map((row) => [row.name + row.labels, row.slot]));
    known.bySeries = slots;
    known.stamp = source.row.stamp;
    this.#remembered += slots.size;
    return slots;
  }

  #dropLists(): void {
    for (const known of this.#known.values()) known.bySeries = null;
    this.#remembered = 0;
  }
}

interface Place {
  readonly sourceId: number;
  readonly column: number;
  readonly slot: number;
}

/**
 * One placement per source; a series that stands twice in a list gets a second placement, which is written after the
 * first, so that its later column wins.
 */
function plansOf(places: readonly Place[]): readonly Placement[] {
  const layers: Place[][] = [];
  const seen = new Map<string, number>();
  for (const place of places) {
    const id = `${place.sourceId}/${place.slot}`;
    const times = seen.get(id) ?? 0;
    seen.set(id, times + 1);
    const layer = layers[times] ?? [];
    layer.push(place);
    layers[times] = layer;
  }
  return layers.flatMap((layer) =>
    [...Map.groupBy(layer, (place) => place.sourceId)].map(([sourceId, group]) => {
      const sorted = group.toSorted((a, b) => a.slot - b.slot);
      return {
        sourceId,
        columns: Uint32Array.from(sorted, (place) => place.column),
        slots: Uint32Array.from(sorted, (place) => place.slot),
      };
    }),
  );
}
