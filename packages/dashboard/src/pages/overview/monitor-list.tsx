/** The list of monitors: only the rows near the viewport are drawn, and only theirs are summaries fetched. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatCount } from "../../format/number.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { MonitorRow } from "./monitor-row.tsx";
import type { OverviewModel } from "./overview-model.ts";
import { isNearEnd, windowOf, type RowWindow } from "./window.ts";

const rowHeights = { wide: 58, narrow: 92 } as const;
const narrowQuery = "(max-width: 760px)";

/** Draws the rows of a model. */
export function MonitorList({ model }: { model: OverviewModel }) {
  const list = useRef<HTMLOListElement>(null);
  const rowHeight = useSignal<number>(
    matchMedia(narrowQuery).matches ? rowHeights.narrow : rowHeights.wide,
  );
  const shown = useSignal<RowWindow>({ first: 0, end: 24 });
  const ids = model.ids.value;

  const measure = (): void => {
    const listTop = list.current?.getBoundingClientRect().top ?? 0;
    rowHeight.value = matchMedia(narrowQuery).matches ? rowHeights.narrow : rowHeights.wide;
    const next = windowOf({
      listTop,
      viewport: innerHeight,
      rowHeight: rowHeight.value,
      count: model.ids.peek().length,
    });
    const { first, end } = shown.peek();
    if (first !== next.first || end !== next.end) shown.value = next;
    if (isNearEnd(next, model.ids.peek().length)) model.more();
  };
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);
  useLayoutEffect(measure, [ids]);
  const drawn = useComputed(() => model.ids.value.slice(shown.value.first, shown.value.end));
  useSignalEffect(() => model.see(drawn.value));
  useRowKeys(list, rowHeight.value, ids.length);

  const { first, end } = shown.value;
  const total = model.total.value ?? ids.length;
  return (
    <>
      <div class="list-head" aria-hidden="true">
        <span>Status</span>
        <span>{ids.length === 0 ? "Monitor" : `${formatCount(total)} shown`}</span>
        <span class="list-head-day">Last 24 hours</span>
        <span class="list-head-spark">Response</span>
        <span class="num">Latest</span>
        <span class="num">Uptime</span>
      </div>
      <ol
        ref={list}
        class="monitor-list"
        aria-label="Monitors"
        aria-busy={model.loading.value}
        style={{
          "--row-height": `${rowHeight.value}px`,
          paddingTop: `${first * rowHeight.value}px`,
          paddingBottom: `${Math.max(0, ids.length - Math.min(end, ids.length)) * rowHeight.value}px`,
        }}
        onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
        onPointerLeave={() => model.hold(false)}
      >
        {drawn.value.map((id, i) => {
          const row = model.row(id);
          return (
            row !== undefined && (
              <MonitorRow
                key={id}
                row={row}
                summary={model.summaries.of(id)}
                place={first + i}
                total={total}
              />
            )
          );
        })}
      </ol>
    </>
  );
}

/** j and k move between rows; a row outside of the drawn ones is scrolled to, and focused once it is drawn. */
function useRowKeys(
  list: { readonly current: HTMLOListElement | null },
  rowHeight: number,
  count: number,
): void {
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
    const focused = document.activeElement?.closest<HTMLElement>(".monitor-row");
    const from =
      awaited.current ?? (focused == null ? last.current : Number(focused.dataset["place"]));
    const to = Math.min(Math.max(0, from + by), count - 1);
    if (list.current === null || to < 0) return;
    last.current = to;
    const top = list.current.getBoundingClientRect().top + to * rowHeight;
    if (top < 0 || top + rowHeight > innerHeight) {
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
