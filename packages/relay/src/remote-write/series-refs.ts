/**
 * Numbers for series, so that a sample travels without its labels. A series gets its number, and is described, when it is
 * met first; whoever hands in the same objects again and again (see `SampleFrame`) is known by them, without a look at
 * any text. A book is all numbers given out since it was begun; when it is full, or after a restart, the next one begins at
 * 0, and every series is described anew.
 */
import type { WrittenKey } from "./relabel.ts";

/** The name of a metric and a series' own labels. */
export interface SampleKey {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Samples of several series of one source at the same times. `values[s * times.length + t]` belongs to `series[s]` at
 * `times[t]` (epoch ms, ascending); `present`, where given, has the same layout and 0 where there is no sample. Every
 * series carries `sourceLabels` as well; its own win.
 */
export interface SampleFrame {
  readonly source: string;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly series: readonly SampleKey[];
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly present?: Uint8Array;
}

/** What a number stands for. */
export interface Definition extends WrittenKey {
  readonly ref: number;
}

/** Numbers of one book; about 250 bytes of labels each in every destination's memory. */
const mostRefs = 500_000;

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

export class SeriesRefs {
  readonly #most: number;
  #sources = new Map<string, SourceRefs>();
  #defined: Definition[] = [];
  #next = 0;

  constructor(most = mostRefs) {
    this.#most = most;
  }

  /** How many numbers are given out. */
  get size(): number {
    return this.#next;
  }

  /** No number may be given out any more: `clear` begins the next book. */
  get isFull(): boolean {
    return this.#next >= this.#most;
  }

  /** Begins the next book. What was defined and not taken is forgotten with the old one. */
  clear(): void {
    this.#sources = new Map();
    this.#defined = [];
    this.#next = 0;
  }

  /** The series that were numbered since the last call. */
  takeDefinitions(): readonly Definition[] {
    const taken = this.#defined;
    this.#defined = [];
    return taken;
  }

  /** The numbers of a frame's series, in their order. The array must not be changed. */
  of({ source, sourceLabels = noLabels, series }: SampleFrame): Uint32Array {
    let known = this.#sources.get(source);
    if (known === undefined || !sameLabels(known.labels, sourceLabels)) {
      known = new SourceRefs(sourceLabels, (key) => this.#define(key, sourceLabels));
      this.#sources.set(source, known);
    }
    return known.of(series);
  }

  #define({ name, labels }: SampleKey, sourceLabels: Readonly<Record<string, string>>): number {
    const ref = this.#next++;
    this.#defined.push({ ref, name, labels, sourceLabels });
    return ref;
  }
}

function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** The numbers of one source. A source that always has the same list needs no table of its series. */
class SourceRefs {
  readonly labels: Readonly<Record<string, string>>;
  readonly #define: (key: SampleKey) => number;
  #list: readonly SampleKey[] = [];
  #refs = new Uint32Array(0);
  /** Made with the second list. */
  #byKey: Map<SampleKey, number> | undefined;
  /** Made when a list has keys that were never seen as objects; then all keys are known by their texts. */
  #byText: Map<string, number> | undefined;

  constructor(labels: Readonly<Record<string, string>>, define: (key: SampleKey) => number) {
    this.labels = labels;
    this.#define = define;
  }

  of(series: readonly SampleKey[]): Uint32Array {
    if (series === this.#list) return this.#refs;
    const refs = new Uint32Array(series.length);
    for (const [i, key] of series.entries()) refs[i] = this.#refOf(key);
    this.#list = series;
    this.#refs = refs;
    return refs;
  }

  #refOf(key: SampleKey): number {
    if (this.#refs.length === 0) return this.#define(key);
    this.#byKey ??= new Map(this.#list.map((one, i) => [one, this.#refs[i] ?? 0]));
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byText ??= new Map([...this.#byKey].map(([one, ref]) => [textOf(one), ref]));
    const text = textOf(key);
    const same = this.#byText.get(text);
    if (same !== undefined) return same;
    const ref = this.#define(key);
    this.#byKey.set(key, ref);
    this.#byText.set(text, ref);
    return ref;
  }
}

function textOf({ name, labels }: SampleKey): string {
  let text = name;
  for (const label of Object.keys(labels).toSorted()) text += `\0${label}\0${labels[label] ?? ""}`;
  return text;
}
