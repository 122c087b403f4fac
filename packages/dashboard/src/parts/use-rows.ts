/** Long lists of rows of one height: only those near the viewport are drawn, and keys walk over all of them. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useKeys } from "../shell/use-keys.ts";
import "./list-row.css";
import { isNearEnd, windowOf, type RowWindow } from "./row-window.ts";

export interface Rows {
  /** Holds the rows; each has its place as `data-place`, and a link. */
  readonly list: { readonly current: HTMLElement | null };
  readonly count: number;
  /** Height of a row in px, for wide and for narrow screens. */
  readonly heights: { readonly wide: number; readonly narrow: number };
  readonly narrowQuery: string;
  /** px at the top of the viewport that rows are hidden behind. */
  readonly covered?: number;
  /** Called when the end of the rows comes near. */
  readonly onNearEnd?: () => void;
}

interface Drawn {
  readonly rowHeight: ReadonlySignal<number>;
  readonly window: ReadonlySignal<RowWindow>;
}

/** The rows that are to be drawn. `order`: whatever changes when other rows stand there. */
export function useRows(rows: Rows, order: unknown): Drawn {
  const latest = useRef(rows);
  latest.current = rows;
  const rowHeight = useSignal(heightOf(rows));
  const window = useSignal<RowWindow>({ first: 0, end: 24 });
  const measure = (): void => {
    const { list, count, onNearEnd } = latest.current;
    rowHeight.value = heightOf(latest.current);
    const next = windowOf({
      listTop: list.current?.getBoundingClientRect().top ?? 0,
      viewport: innerHeight,
      rowHeight: rowHeight.value,
      count,
    });
    const { first, end } = window.peek();
    if (first !== next.first || end !== next.end) window.value = next;
    if (isNearEnd(next, count)) onNearEnd?.();
  };
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);
  useLayoutEffect(measure, [order]);
  useRowKeys(rows, rowHeight.value);
  return { rowHeight, window };
}

function heightOf({ heights, narrowQuery }: Rows): number {
  return matchMedia(narrowQuery).matches ? heights.narrow : heights.wide;
}

/** j and k move between rows; a row outside of the drawn ones is scrolled to, and focused once it is drawn. */
function useRowKeys({ list, count, covered = 0 }: Rows, rowHeight: number): void {
  const last = useRef(-1);
  const awaited = useRef<number | null>(null);
  const focus = (place: number): boolean => {
    const link = list.current?.querySelector<HTMLElement>(`[data-place="${place}"] a`);
    link?.focus({ preventScroll: true });
    return link != null;
  };
  useLayoutEffect(() => {
    if (awaited.current !== null && focus(awaited.current)) awaited.current = null;
  });
  const move = (by: number): void => {
    const focused = document.activeElement?.closest<HTMLElement>("[data-place]");
    const from =
      awaited.current ?? (focused == null ? last.current : Number(focused.dataset["place"]));
    const to = Math.min(Math.max(0, from + by), count - 1);
    if (list.current === null || to < 0) return;
    last.current = to;
    const top = list.current.getBoundingClientRect().top + to * rowHeight;
    if (top < covered || top + rowHeight > innerHeight) {
      scrollTo({ top: scrollY + top - innerHeight / 2 });
    }
    awaited.current = focus(to) ? null : to;
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
  });
}
