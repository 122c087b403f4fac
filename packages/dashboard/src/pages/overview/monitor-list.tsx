/** The list of monitors: only the rows near the viewport are drawn, and only theirs are summaries fetched. */
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatCount } from "../../format/number.ts";
import { useRows } from "../../parts/use-rows.ts";
import { MonitorRow } from "./monitor-row.tsx";
import type { OverviewModel } from "./overview-model.ts";

const heights = { wide: 58, narrow: 92 } as const;
const narrowQuery = "(max-width: 760px)";

/** Draws the rows of a model. */
export function MonitorList({ model }: { model: OverviewModel }) {
  const list = useRef<HTMLOListElement>(null);
  const ids = model.ids.value;
  const { rowHeight, window } = useRows(
    { list, count: ids.length, heights, narrowQuery, onNearEnd: () => model.more() },
    ids,
  );
  const drawn = useComputed(() => model.ids.value.slice(window.value.first, window.value.end));
  useSignalEffect(() => model.see(drawn.value));

  const { first, end } = window.value;
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
