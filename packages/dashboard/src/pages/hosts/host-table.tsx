/** The table of hosts: only the rows near the viewport are drawn, and only theirs are lines fetched. */
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatPlural } from "../../format/number.ts";
import { useRows } from "../../parts/use-rows.ts";
import { formatRoute, type HostSort, type HostsView } from "../../route/route.ts";
import { HostRow } from "./host-row.tsx";
import type { HostList } from "./host-list-model.ts";

const heights = { wide: 48, narrow: 84 } as const;
const narrowQuery = "(max-width: 760px)";
/** Height of the row of titles, which stays on top. */
const headPx = 36;

interface Column {
  readonly sort: HostSort;
  readonly title: string;
  readonly hint: string;
}

/** The columns, in the order of the cells of a row. */
export const columns: readonly Column[] = [
  { sort: "trouble", title: "Status", hint: "Those in trouble first" },
  { sort: "name", title: "Host", hint: "By name" },
  { sort: "cpu", title: "CPU", hint: "Time of all cores spent busy; the line is the last hour" },
  {
    sort: "memory",
    title: "Memory",
    hint: "Memory that is not available to programs; the line is the last hour",
  },
  { sort: "disk", title: "Disk", hint: "The fullest file system" },
  { sort: "network", title: "Network", hint: "Received and sent" },
  { sort: "load", title: "Load", hint: "Average of one minute, against the cores" },
  { sort: "temperature", title: "Temp.", hint: "The hottest sensor" },
  { sort: "uptime", title: "Up for", hint: "Time since the machine was started" },
];

/** Draws the rows of a model. */
export function HostTable({ model, view }: { model: HostList; view: HostsView }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const ids = model.ids.value;
  const { rowHeight, window } = useRows(
    { list: body, count: ids.length, heights, narrowQuery, covered: headPx },
    ids,
  );
  const drawn = useComputed(() => model.ids.value.slice(window.value.first, window.value.end));
  useSignalEffect(() => model.see(drawn.value));
  const { first, end } = window.value;
  return (
    <table
      class="hosts-table"
      aria-rowcount={ids.length + 1}
      aria-label={formatPlural(ids.length, "host")}
      style={{ "--row-height": `${rowHeight.value}px` }}
      onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
      onPointerLeave={() => model.hold(false)}
    >
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <Title key={column.sort} column={column} view={view} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Space rows={first} height={rowHeight.value} />
        {drawn.value.map((id, i) => {
          const row = model.row(id);
          return (
            row !== undefined && (
              <HostRow key={id} row={row} line={model.sparklines.of(id)} place={first + i} />
            )
          );
        })}
        <Space rows={ids.length - Math.min(end, ids.length)} height={rowHeight.value} />
      </tbody>
    </table>
  );
}

function Title({ column, view }: { column: Column; view: HostsView }) {
  const { sort, title, hint } = column;
  const isSorted = view.sort === sort;
  const reversed = isSorted && !view.reversed;
  // Figures are sorted from the highest down at first, names and trouble upwards.
  const rises = (sort === "name" || sort === "trouble") !== view.reversed;
  return (
    <th
      scope="col"
      class={`hosts-title hosts-title-${sort}`}
      aria-sort={isSorted ? (rises ? "ascending" : "descending") : undefined}
    >
      <a href={formatRoute({ ...view, sort, reversed })} title={hint}>
        {title}
        {isSorted && (
          <span class="hosts-arrow" aria-hidden="true">
            {rises ? "▲" : "▼"}
          </span>
        )}
      </a>
    </th>
  );
}

/** Stands for rows that are not drawn. */
function Space({ rows, height }: { rows: number; height: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="hosts-space" aria-hidden="true" style={{ height: `${rows * height}px` }}>
      <td />
    </tr>
  );
}
