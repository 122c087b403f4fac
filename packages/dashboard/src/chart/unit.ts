/** What the values of a chart are: how they are said, where its axis ends, and which steps are round. */
import {
  formatBytes,
  formatCelsius,
  formatLatency,
  formatLoad,
  formatPerSecond,
  formatRate,
  formatShare,
} from "../format/number.ts";

export interface Unit {
  /** A value in words, with its unit. */
  format(value: number): string;
  /** Ends of the axis for the lowest and highest value; null where there is none. */
  range(min: number | null, max: number | null): readonly [number, number];
  /** Distances of the axis' marks that are round in this unit; left out: 1, 2, 2.5 and 5 times a power of ten. */
  readonly steps?: readonly number[];
}

/** The units of all charts. Below zero stands what flows the other way: it is said without its sign. */
export const units = {
  seconds: {
    format: (value) => formatLatency(value * 1000),
    range: (_min, max) => [0, roof(max, 0.1)],
  },
  /** 0 to 1, shown whole. */
  share: { format: formatShare, range: () => [0, 1] },
  /** 0 to 1, shown as far as it goes. */
  smallShare: {
    format: formatShare,
    range: (_min, max) => [0, Math.min(1, atLeast(0.05, max))],
  },
  bytes: {
    format: formatBytes,
    range: (_min, max) => [0, max === null || max <= 0 ? 1024 ** 3 : max * 1.02],
    steps: Array.from({ length: 50 }, (_, i) => 2 ** i),
  },
  rate: {
    format: (value) => formatRate(Math.abs(value)),
    range: (min, max) => bothWays(min, max, 10_000),
  },
  perSecond: {
    format: (value) => formatPerSecond(Math.abs(value)),
    range: (min, max) => bothWays(min, max, 1),
  },
  load: { format: formatLoad, range: (_min, max) => [0, atLeast(1, max)] },
  celsius: {
    format: formatCelsius,
    range: (min, max) => [Math.max(0, Math.floor((min ?? 20) / 10) * 10 - 10), atLeast(50, max)],
  },
  rpm: {
    format: (value) => `${Math.round(value)} rpm`,
    range: (_min, max) => [0, atLeast(1000, max)],
  },
} as const satisfies Record<string, Unit>;

/** A round number a little above the highest value; `otherwise` where there is none above zero. */
export function roof(max: number | null, otherwise: number): number {
  if (max === null || !Number.isFinite(max) || max <= 0) return otherwise;
  const size = 10 ** Math.floor(Math.log10(max));
  const found = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * size >= max * 1.02);
  return (found ?? 12) * size;
}

/** The same, and no less than `least`: what is next to nothing is drawn so. */
export function atLeast(least: number, max: number | null): number {
  return Math.max(least, roof(max, least));
}

function bothWays(min: number | null, max: number | null, least: number): [number, number] {
  const below = min === null || min >= 0 ? 0 : -atLeast(least, -min);
  const isOnlyBelow = below < 0 && (max === null || max <= 0);
  return [below, isOnlyBelow ? 0 : atLeast(least, max)];
}

/** A mark of the axis: `2 GiB`, not `2.0 GiB`; `7.5`, not `7.50`. */
export function markOf(unit: Unit, value: number): string {
  if (value === 0) return "0";
  return unit
    .format(value)
    .replace(/(\.\d*?)0+(?= |$|\/)/, (_, kept: string) => kept.replace(/\.$/, ""));
}
