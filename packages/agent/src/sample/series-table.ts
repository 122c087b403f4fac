/**
 * The latest value of every series of this host, in one array. Collectors write into sections of it; whoever sends or
 * serves reads all of it at once. Writing a value is one store into an array: nothing is allocated per sample.
 *
 * A section is what one collector fills. Between `begin()` and `end()` it sets its slots; a slot that was not set in
 * the latest complete round is absent, and so is a whole section that failed or is overdue. A slot that stays absent
 * for a while leaves the table: a collector may keep a slot's number only as long as it sets it every round, and asks for
 * it anew when its source comes back. Numbers are never given twice, so a stale one sets nothing.
 */

/** A metric as `/metrics` describes it. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
}

export interface Series {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
}

/** The number of a series in the table. */
export type Slot = number;

/** All series at one instant. */
export interface Sample {
  /** Epoch ms. */
  readonly at: number;
  /** The same array object as long as it lists the same series; one that is absent for a moment stays in it. */
  readonly series: readonly Series[];
  /** In the order of `series`; a fresh array. */
  readonly values: Float64Array;
  /** 0 where a series has no value; left out when every one has. */
  readonly present?: Uint8Array;
}

/** Rounds (or reads of an overdue section) a series may be absent before it leaves the list. */
const absentRounds = 60;
/** More series than this are refused: something on this host names things without bound. */
const mostSeries = 20_000;

export class SeriesTable {
  readonly #sections: Section[] = [];
  #values = new Float64Array(512);
  #series: (Series | undefined)[] = [];
  #list: { readonly series: readonly Series[]; readonly slots: Uint32Array } | null = null;
  #used = 0;
  #refused = 0;

  /** Makes a section. Its values are absent once no round of it was completed for `freshForMs`. */
  section(name: string, freshForMs: number): Section {
    const section = new Section(name, freshForMs, {
      take: (series) => this.#take(series),
      release: (slot) => this.#release(slot),
      set: (slot, value) => {
        this.#values[slot] = value;
      },
      value: (slot) => this.#values[slot] ?? Number.NaN,
    });
    this.#sections.push(section);
    return section;
  }

  /** Series that were refused because there were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** All series as they are at `at` (epoch ms); `monotonicMs` tells which sections are overdue. */
  read(at: number, monotonicMs: number): Sample {
    for (const section of this.#sections) section.settle(monotonicMs);
    this.#list ??= this.#makeList();
    const { series, slots } = this.#list;
    const values = new Float64Array(slots.length);
    let present: Uint8Array | undefined;
    let place = 0;
    for (const section of this.#sections) {
      for (const slot of section.slots()) {
        if (section.isPresent(slot)) values[place] = this.#values[slot] ?? Number.NaN;
        else (present ??= new Uint8Array(slots.length).fill(1))[place] = 0;
        place += 1;
      }
    }
    return present === undefined ? { at, series, values } : { at, series, values, present };
  }

  #makeList(): { readonly series: readonly Series[]; readonly slots: Uint32Array } {
    const slots = Uint32Array.from(this.#sections.flatMap((section) => [...section.slots()]));
    const series: Series[] = [];
    for (const slot of slots) {
      const one = this.#series[slot];
      if (one !== undefined) series.push(one);
    }
    return { series, slots };
  }

  #take(series: Series): Slot | undefined {
    if (this.#used >= mostSeries) {
      this.#refused += 1;
      return undefined;
    }
    this.#used += 1;
    this.#list = null;
    const slot = this.#series.length;
    this.#series[slot] = series;
    if (slot >= this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    return slot;
  }

  #release(slot: Slot): void {
    this.#used -= 1;
    this.#list = null;
    this.#series[slot] = undefined;
  }
}

interface TablePort {
  take(series: Series): Slot | undefined;
  release(slot: Slot): void;
  set(slot: Slot, value: number): void;
  value(slot: Slot): number;
}

interface Entry {
  readonly key: string;
  /** The round in which it was last set. */
  round: number;
}

/** A refused series has this slot: setting it does nothing. */
const nowhere: Slot = -1;

export class Section {
  readonly name: string;
  readonly #freshForMs: number;
  readonly #table: TablePort;
  readonly #slotOf = new Map<string, Slot>();
  readonly #entries = new Map<Slot, Entry>();
  #round = 0;
  #completedRound = 0;
  #completedAtMs = Number.NEGATIVE_INFINITY;
  #overdue = true;

  constructor(name: string, freshForMs: number, table: TablePort) {
    this.name = name;
    this.#freshForMs = freshForMs;
    this.#table = table;
  }

  /** Begins a round. */
  begin(): void {
    this.#round += 1;
  }

  /** The slot of a series; the same one as long as it is set every round. */
  slot(metric: Metric, labels: Readonly<Record<string, string>> = noLabels): Slot {
    const key = keyOf(metric.name, labels);
    const known = this.#slotOf.get(key);
    if (known !== undefined) return known;
    const slot = this.#table.take({ metric, labels });
    if (slot === undefined) return nowhere;
    this.#slotOf.set(key, slot);
    this.#entries.set(slot, { key, round: 0 });
    return slot;
  }

  /** Sets a value in this round. */
  set(slot: Slot, value: number): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    entry.round = this.#round;
    this.#table.set(slot, value);
  }

  /** Sets the value of a series that is named anew each time: for collectors that are not on the hot path. */
  put(metric: Metric, labels: Readonly<Record<string, string>>, value: number): void {
    this.set(this.slot(metric, labels), value);
  }

  /** Completes the round: what was not set in it is absent. */
  end(monotonicMs: number): void {
    this.#completedRound = this.#round;
    this.#completedAtMs = monotonicMs;
    this.#overdue = false;
    for (const [slot, { key, round }] of this.#entries) {
      if (this.#round - round < absentRounds) continue;
      this.#entries.delete(slot);
      this.#slotOf.delete(key);
      this.#table.release(slot);
    }
  }

  /** Notices that no round was completed for too long. */
  settle(monotonicMs: number): void {
    this.#overdue = monotonicMs - this.#completedAtMs > this.#freshForMs;
  }

  slots(): Iterable<Slot> {
    return this.#entries.keys();
  }

  isPresent(slot: Slot): boolean {
    return !this.#overdue && this.#entries.get(slot)?.round === this.#completedRound;
  }

  /** The present value of a series of this section; undefined where it has none. */
  valueOf(slot: Slot): number | undefined {
    return this.isPresent(slot) ? this.#table.value(slot) : undefined;
  }
}

const noLabels: Readonly<Record<string, string>> = {};

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  let key = name;
  for (const label in labels) key += `\0${label}\0${labels[label] ?? ""}`;
  return key;
}
