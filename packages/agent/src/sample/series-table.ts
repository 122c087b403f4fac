/**
 * The latest value of every series of this host, in one array. Collectors write into sections of it; whoever sends or
 * serves reads all of it at once. Writing a value is one store into an array: nothing is allocated per sample.
 *
 * A section is what one collector fills. Between `begin()` and `end()` it sets its slots; a slot that was not set in
 * the latest complete round is absent, and so is a whole section that failed or is overdue. A round that is under way
 * shows nothing of itself: until it is complete the one before it counts. A slot that stays absent for a while leaves
 * the table: a collector may keep a slot's number only as long as it sets it every round, and asks for it anew when its
 * source comes back. Numbers are never given twice, so a stale one sets nothing.
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
  #list: readonly Series[] | null = null;
  #used = 0;
  #refused = 0;

  /** Makes a section. Its values are absent once no round of it was completed for `freshForMs`. */
  section(name: string, freshForMs: number): Section {
    const section = new Section(name, freshForMs, {
      take: () => this.#take(),
      release: () => {
        this.#used -= 1;
        this.#list = null;
      },
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
    const series = (this.#list ??= this.#sections.flatMap((section) => section.list()));
    const values = new Float64Array(series.length);
    let present: Uint8Array | undefined;
    let start = 0;
    for (const section of this.#sections) {
      if (!section.copyTo(values, start)) {
        present ??= new Uint8Array(series.length).fill(1);
        section.markAbsent(present, start);
      }
      start += section.size;
    }
    return present === undefined ? { at, series, values } : { at, series, values, present };
  }

  #take(): boolean {
    if (this.#used >= mostSeries) {
      this.#refused += 1;
      return false;
    }
    this.#used += 1;
    this.#list = null;
    return true;
  }
}

interface TablePort {
  /** Whether there is room for one more series. */
  take(): boolean;
  release(): void;
}

/** A refused series has this slot: setting it does nothing. */
const nowhere: Slot = 0;

/**
 * A slot is its place in the arrays of its section and, above that, how many slots the section gave before: places are
 * used again, slots never.
 */
const places = 2 ** 15;
const placeMask = places - 1;

interface Round {
  /** By place. */
  values: Float64Array<ArrayBuffer>;
  /** The number of the round in which the value was set. */
  rounds: Float64Array<ArrayBuffer>;
}

export class Section {
  readonly name: string;
  readonly #freshForMs: number;
  readonly #table: TablePort;
  readonly #slotOf = new Map<string, Slot>();
  /** What lives at a place. */
  #slots = new Float64Array(64);
  readonly #named: ({ readonly key: string; readonly series: Series } | undefined)[] = [];
  readonly #free: number[] = [];
  /** The round in which a place was last seen set; looked at when a round is complete. */
  #seen = new Float64Array(64);
  #latest: Round = emptyRound(64);
  #next: Round = emptyRound(64);
  /** Places in the order in which their slots were given. */
  #order = new Uint16Array(0);
  #isOrderStale = false;
  #given = 0;
  #round = 0;
  #isOpen = false;
  #completedRound = 0;
  #completedAtMs = Number.NEGATIVE_INFINITY;
  #overdue = true;
  #overdueReads = 0;

  constructor(name: string, freshForMs: number, table: TablePort) {
    this.name = name;
    this.#freshForMs = freshForMs;
    this.#table = table;
  }

  /** The number of the round that is under way, else of the latest; it only grows, also by rounds that failed. */
  get round(): number {
    return this.#round;
  }

  /** Series in the table, present or not. */
  get size(): number {
    return this.#slotOf.size;
  }

  /** Begins a round. */
  begin(): void {
    this.#round += 1;
    this.#isOpen = true;
  }

  /** The slot of a series; the same one as long as it is set every round. */
  slot(metric: Metric, labels: Readonly<Record<string, string>> = noLabels): Slot {
    const key = keyOf(metric.name, labels);
    const known = this.#slotOf.get(key);
    if (known !== undefined) return known;
    if (!this.#table.take()) return nowhere;
    const place = this.#free.pop() ?? this.#named.length;
    if (place >= this.#slots.length) this.#grow();
    this.#given += 1;
    const slot = this.#given * places + place;
    this.#slots[place] = slot;
    this.#seen[place] = this.#round;
    this.#named[place] = { key, series: { metric, labels } };
    this.#slotOf.set(key, slot);
    this.#isOrderStale = true;
    return slot;
  }

  /** Sets a value in this round. */
  set(slot: Slot, value: number): void {
    const place = slot & placeMask;
    if (slot === nowhere || this.#slots[place] !== slot) return;
    this.#next.values[place] = value;
    this.#next.rounds[place] = this.#round;
  }

  /** Sets the value of a series that is named anew each time: for collectors that are not on the hot path. */
  put(metric: Metric, labels: Readonly<Record<string, string>>, value: number): void {
    this.set(this.slot(metric, labels), value);
  }

  /** Completes the round: what was not set in it is absent. */
  end(monotonicMs: number): void {
    const complete = this.#next;
    this.#next = this.#latest;
    this.#latest = complete;
    this.#completedRound = this.#round;
    this.#completedAtMs = monotonicMs;
    this.#overdue = false;
    this.#overdueReads = 0;
    this.#isOpen = false;
    const { rounds } = complete;
    for (let place = 0; place < this.#named.length; place += 1) {
      if (rounds[place] === this.#round) this.#seen[place] = this.#round;
      else if (this.#round - (this.#seen[place] ?? 0) >= absentRounds) this.#release(place);
    }
  }

  /** Gives the round up: the section has no values until one is complete. */
  fail(): void {
    this.#isOpen = false;
    this.#completedAtMs = Number.NEGATIVE_INFINITY;
    this.#overdue = true;
  }

  /** Notices that no round was completed for too long, and forgets the series of a section that stays away. */
  settle(monotonicMs: number): void {
    this.#overdue = monotonicMs - this.#completedAtMs > this.#freshForMs;
    if (!this.#overdue) return;
    this.#overdueReads += 1;
    // A round that is under way may hold slots it has yet to set.
    if (this.#overdueReads < absentRounds || this.#isOpen || this.size === 0) return;
    for (let place = 0; place < this.#named.length; place += 1) this.#release(place);
    // Whoever goes by the number of rounds sees that its slots are of long ago.
    this.#round += 2;
  }

  /** The series in the table, in the order `copyTo` has them. */
  list(): Series[] {
    if (this.#isOrderStale) {
      const slots = Float64Array.from(this.#slotOf.values()).sort();
      this.#order = Uint16Array.from(slots, (slot) => slot & placeMask);
      this.#isOrderStale = false;
    }
    return Array.from(this.#order, (place) => this.#named[place]?.series ?? noSeries);
  }

  /** Copies all values from `start` on; false: some are absent (and left as they were). */
  copyTo(values: Float64Array, start: number): boolean {
    const order = this.#order;
    if (this.#overdue) return order.length === 0;
    const latest = this.#latest;
    const completed = this.#completedRound;
    let isComplete = true;
    for (let i = 0; i < order.length; i += 1) {
      const place = order[i] ?? 0;
      if (latest.rounds[place] === completed)
        values[start + i] = latest.values[place] ?? Number.NaN;
      else isComplete = false;
    }
    return isComplete;
  }

  /** Writes 0 for every series that is absent, from `start` on. */
  markAbsent(present: Uint8Array, start: number): void {
    const order = this.#order;
    for (let i = 0; i < order.length; i += 1) {
      if (!this.#isPlacePresent(order[i] ?? 0)) present[start + i] = 0;
    }
  }

  /** The present value of a series of this section; undefined where it has none. */
  valueOf(slot: Slot): number | undefined {
    const place = slot & placeMask;
    const isThere = slot !== nowhere && this.#slots[place] === slot && this.#isPlacePresent(place);
    return isThere ? this.#latest.values[place] : undefined;
  }

  #isPlacePresent(place: number): boolean {
    return !this.#overdue && this.#latest.rounds[place] === this.#completedRound;
  }

  #release(place: number): void {
    const named = this.#named[place];
    if (named === undefined) return;
    this.#named[place] = undefined;
    this.#slots[place] = nowhere;
    this.#slotOf.delete(named.key);
    this.#free.push(place);
    this.#isOrderStale = true;
    this.#table.release();
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    this.#slots = enlarged(this.#slots, size);
    this.#seen = enlarged(this.#seen, size);
    for (const round of [this.#latest, this.#next]) {
      round.values = enlarged(round.values, size);
      round.rounds = enlarged(round.rounds, size);
    }
  }
}

function emptyRound(size: number): Round {
  return { values: new Float64Array(size), rounds: new Float64Array(size) };
}

function enlarged(array: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(array);
  return larger;
}

const noLabels: Readonly<Record<string, string>> = {};
/** Cannot be seen: every place in the order has a series. */
const noSeries: Series = { metric: { name: "", type: "gauge", help: "" }, labels: noLabels };

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  let key = name;
  for (const label in labels) key += `\0${label}\0${labels[label] ?? ""}`;
  return key;
}
