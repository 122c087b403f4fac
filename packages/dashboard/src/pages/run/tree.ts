/** The runs below a run: kept as they are heard of, and laid out over time. Pure. Times are epoch ms. */
import type { RunTreeView, RunView } from "@belfry/contract";

/** A run with its place in the tree and on the time line. */
export interface TreeRow {
  readonly run: RunView;
  /** 0 for the run itself. */
  readonly depth: number;
  /** null: when it began is not known. */
  readonly from: number | null;
  /** null: it lasts. Of a lost one, when it was last heard of. */
  readonly to: number | null;
  /** Shares of the whole span, from 0 to 1. */
  readonly left: number;
  readonly width: number;
}

export interface TreeLayout {
  readonly rows: readonly TreeRow[];
  readonly from: number;
  readonly to: number;
}

/** A tree after something was heard of its runs. What belongs to no run of it is left out. */
export function treeWith(tree: RunTreeView, heard: readonly RunView[]): RunTreeView {
  const below = new Map(tree.subruns.map((run) => [run.id, run]));
  const root = heard.find((run) => run.id === tree.id);
  let rest = heard.filter((run) => run.id !== tree.id);
  // A run may be heard of before the one above it.
  for (let found = -1; found !== 0;) {
    const fits = rest.filter(
      ({ id, parent_id: above }) =>
        below.has(id) || (above !== null && (above === tree.id || below.has(above))),
    );
    for (const run of fits) below.set(run.id, run);
    rest = rest.filter((run) => !below.has(run.id));
    found = fits.length;
  }
  return { ...tree, ...root, subruns: [...below.values()] };
}

/** Lays a tree out: each run below the one it is part of, those that began first on top. */
export function layoutTree(tree: RunTreeView, now: number): TreeLayout {
  const all: readonly RunView[] = [tree, ...tree.subruns];
  const ends = all.map((run) => spanOf(run));
  const starts = ends.flatMap(({ from }) => (from === null ? [] : [from]));
  const from = starts.length === 0 ? now : Math.min(...starts);
  const to = Math.max(
    from + 1,
    ...ends.map((span) => (span.from === null ? from : (span.to ?? Math.max(now, span.from)))),
  );
  const children = new Map<string | null, RunView[]>();
  for (const run of tree.subruns) {
    children.set(run.parent_id, [...(children.get(run.parent_id) ?? []), run]);
  }
  const rows: TreeRow[] = [];
  const add = (run: RunView, depth: number): void => {
    rows.push(rowOf(run, depth, { from, to }));
    const below = children.get(run.id) ?? [];
    for (const child of below.toSorted(byStart)) add(child, depth + 1);
  };
  add(tree, 0);
  return { rows, from, to };
}

function rowOf(run: RunView, depth: number, whole: { from: number; to: number }): TreeRow {
  const span = spanOf(run);
  const length = whole.to - whole.from;
  const start = span.from ?? whole.from;
  const end = span.from === null ? start : (span.to ?? whole.to);
  return {
    run,
    depth,
    ...span,
    left: (start - whole.from) / length,
    width: Math.max(0, end - start) / length,
  };
}

function spanOf(run: RunView): { readonly from: number | null; readonly to: number | null } {
  const from = run.started_at === null ? null : Date.parse(run.started_at);
  if (from === null || run.status === "running") return { from, to: null };
  const end = run.ended_at ?? run.last_event_at;
  return { from, to: end === null ? from : Math.max(from, Date.parse(end)) };
}

function byStart(a: RunView, b: RunView): number {
  const start = (run: RunView): number =>
    run.started_at === null ? Number.POSITIVE_INFINITY : Date.parse(run.started_at);
  const [left, right] = [start(a), start(b)];
  if (left === right) return a.id < b.id ? -1 : 1;
  return left < right ? -1 : 1;
}

const second = 1000;
const steps = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
].map((seconds) => seconds * second);

/** Round times after the beginning for the axis of a span of so many ms; at most `most`, without 0. */
export function ticksOf(lengthMs: number, most: number): readonly number[] {
  const step = steps.find((one) => lengthMs / one <= most) ?? lengthMs;
  const count = Math.floor((lengthMs * 0.97) / step);
  return Array.from({ length: count }, (_, i) => (i + 1) * step);
}
