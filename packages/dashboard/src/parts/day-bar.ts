/**
 * The bar of a day, as a peal is written down: what is quiet stays low at the foot, what rings stands tall. The height
 * says what the colour says.
 */
import type { Status } from "@belfry/contract/status";
import { formatDuration } from "../format/time.ts";
import { titleOf } from "./status-words.ts";

/** Share of the height a slot takes. */
const heights = {
  up: 0.38,
  paused: 0.14,
  pending: 0.14,
  maintenance: 0.38,
  unknown: 0.7,
  degraded: 0.7,
  down: 1,
} as const satisfies Record<Status, number>;

const nothingHeight = 0.06;

/** All slots of one status as one path. */
export interface BarPath {
  readonly status: Status | "nothing";
  readonly d: string;
}

/** Draws slots, oldest first, on a field of `slotWidth` × slots by `height`; a gap of `gap` is left between them. */
export function barPaths(
  bar: readonly (Status | null)[],
  { slotWidth, gap, height }: { slotWidth: number; gap: number; height: number },
): readonly BarPath[] {
  const paths = new Map<Status | "nothing", string>();
  bar.forEach((status, i) => {
    const share = status === null ? nothingHeight : heights[status];
    const tall = Math.max(1, Math.round(height * share));
    const key = status ?? "nothing";
    const d = `M${i * slotWidth} ${height - tall}h${slotWidth - gap}v${tall}h${gap - slotWidth}z`;
    paths.set(key, (paths.get(key) ?? "") + d);
  });
  return [...paths].map(([status, d]) => ({ status, d }));
}

/** Says the bar in words: `up 23 h 30 min, down 30 min`. A slot counts in full for its worst status. */
export function describeBar(bar: readonly (Status | null)[], slotSeconds: number): string {
  const slots = new Map<Status | null, number>();
  for (const status of bar) slots.set(status, (slots.get(status) ?? 0) + 1);
  return [...slots]
    .map(([status, count]) => {
      const what = status === null ? "nothing known" : titleOf(status).toLowerCase();
      return `${what} ${formatDuration(count * slotSeconds * 1000)}`;
    })
    .join(", ");
}

/**
 * A line on a field of `width` × `height`, from zero to `top` or, without it, to its highest value; a slot without a
 * value breaks it. Empty without values.
 */
export function sparkPath(
  values: readonly (number | null)[],
  { width, height, top: given }: { width: number; height: number; top?: number },
): { readonly line: string; readonly dots: readonly (readonly [x: number, y: number])[] } {
  const known = values.filter((value) => value !== null);
  const top = given ?? Math.max(...known, 0);
  if (known.length === 0 || top === 0) return { line: "", dots: [] };
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const yOf = (value: number): number =>
    Math.round((height - 1 - (value / top) * (height - 2)) * 10) / 10;
  let line = "";
  const dots: [number, number][] = [];
  values.forEach((value, i) => {
    if (value === null) return;
    const x = Math.round(i * step * 10) / 10;
    const starts = (values[i - 1] ?? null) === null;
    line += `${starts ? "M" : "L"}${x} ${yOf(value)}`;
    if (starts && (values[i + 1] ?? null) === null) dots.push([x, yOf(value)]);
  });
  return { line, dots };
}
