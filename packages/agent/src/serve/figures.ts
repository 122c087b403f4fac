/** Values of a sample by name and labels. The index is made once per list of series, not per sample. */
import type { Sample, Series } from "../sample/series-table.ts";

export interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Figures {
  /** Every series of a metric that has a value. */
  all(name: string): readonly Figure[];
  /** The value of the first series of a metric; undefined: none. */
  one(name: string): number | undefined;
  /** The sum over all series of a metric that `counts`; undefined where there is none. */
  sum(name: string, counts?: (labels: Figure["labels"]) => boolean): number | undefined;
}

const indexes = new WeakMap<readonly Series[], ReadonlyMap<string, readonly number[]>>();

/** Looks into a sample. */
export function figuresOf(sample: Sample): Figures {
  const places = indexOf(sample.series);
  const all = (name: string): Figure[] => {
    const found: Figure[] = [];
    for (const place of places.get(name) ?? []) {
      const series = sample.series[place];
      const value = sample.values[place];
      const isPresent = sample.present?.[place] !== 0 && value !== undefined;
      if (series !== undefined && isPresent) found.push({ labels: series.labels, value });
    }
    return found;
  };
  return {
    all,
    one: (name) => all(name)[0]?.value,
    sum: (name, counts = () => true) => {
      const counted = all(name).filter(({ labels }) => counts(labels));
      return counted.length === 0 ? undefined : counted.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function indexOf(series: readonly Series[]): ReadonlyMap<string, readonly number[]> {
  const known = indexes.get(series);
  if (known !== undefined) return known;
  const index = new Map<string, number[]>();
  series.forEach(({ metric }, place) => {
    const places = index.get(metric.name);
    if (places === undefined) index.set(metric.name, [place]);
    else places.push(place);
  });
  indexes.set(series, index);
  return index;
}
