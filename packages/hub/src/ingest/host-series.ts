/**
 * Lists of series as hosts send them. A list is sent once and named by its hash afterwards; lists are kept for all hosts
 * together, the ones used least are forgotten first, and whoever names a forgotten one is asked to send it again. Hosts
 * with equal lists share one array, and lists that differ share the series they have in common: five hundred like
 * machines have a few hundred series in memory, not a hundred thousand.
 */
import { hostMetrics, type BatchSeries, type HostMetric } from "@belfry/contract";
import type { HostFigures } from "../model/host-entry.ts";
import type { SeriesKey } from "../model/series.ts";

/** A metric of which a host has one figure. */
export type Figure = keyof HostFigures;

/** A list of series and where its figures are. */
export interface SeriesList {
  readonly series: readonly SeriesKey[];
  /** Which column holds a figure. */
  readonly figures: readonly { readonly figure: Figure; readonly column: number }[];
}

/** Series of all lists together. About 200 bytes each where nothing is shared. */
const mostSeries = 1_000_000;
/** Different series that are shared. */
const mostShared = 100_000;

export class SeriesLists {
  /** The one used last comes last. */
  readonly #lists = new Map<string, SeriesList>();
  readonly #shared = new Map<string, SeriesKey>();
  readonly #most: number;
  #size = 0;

  constructor(most = mostSeries) {
    this.#most = most;
  }

  /** Lists that are kept. */
  get count(): number {
    return this.#lists.size;
  }

  has(hash: string): boolean {
    return this.#lists.has(hash);
  }

  get(hash: string): SeriesList | undefined {
    const list = this.#lists.get(hash);
    if (list === undefined) return undefined;
    this.#lists.delete(hash);
    this.#lists.set(hash, list);
    return list;
  }

  /** Keeps a list whose hash was verified. */
  put(hash: string, series: readonly BatchSeries[]): SeriesList {
    const known = this.get(hash);
    if (known !== undefined) return known;
    const list = listOf(series.map((one) => this.#share(one)));
    this.#lists.set(hash, list);
    this.#size += series.length;
    for (const [old, { series: its }] of this.#lists) {
      if (this.#size <= this.#most || old === hash) break;
      this.#lists.delete(old);
      this.#size -= its.length;
    }
    return list;
  }

  #share(series: BatchSeries): SeriesKey {
    const text = keyText(series);
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    if (this.#shared.size >= mostShared) this.#shared.clear();
    const key: SeriesKey = { name: series.name, labels: series.labels };
    this.#shared.set(text, key);
    return key;
  }
}

/** A list with its figures found. */
export function listOf(series: readonly SeriesKey[]): SeriesList {
  const figures = series.flatMap(({ name, labels }, column) => {
    const figure = figureOf.get(name);
    return figure === undefined || hasAny(labels) ? [] : [{ figure, column }];
  });
  return { series, figures };
}

const figureOf: ReadonlyMap<string, Figure> = new Map(
  Object.entries(hostMetrics).flatMap(([metric, { name }]) =>
    isFigure(metric) ? [[name, metric] as const] : [],
  ),
);

/** The metrics that are figures. */
export const figureNames: readonly string[] = [...figureOf.keys()];

function isFigure(metric: string): metric is Figure {
  return Object.hasOwn(hostMetrics, metric) && metric !== ("cpuModeRatio" satisfies HostMetric);
}

function hasAny(labels: Readonly<Record<string, string>>): boolean {
  for (const _ in labels) return true;
  return false;
}

/** Text that two series share only if they are the same; labels are sorted as they were sent. */
function keyText({ name, labels }: BatchSeries): string {
  let text = name;
  for (const label in labels) text += `\0${label}\0${labels[label] ?? ""}`;
  return text;
}

/** No figures: nothing was heard. */
export const noFigures: HostFigures = Object.freeze(
  Object.fromEntries([...figureOf.values()].map((figure) => [figure, null])),
) as HostFigures;
