/** The table of jobs: only the rows near the viewport are drawn, and only of theirs is every word heard. */
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatPlural } from "../../format/number.ts";
import { useRows } from "../../parts/use-rows.ts";
import { JobRow } from "./job-row.tsx";
import type { JobList } from "./job-list-model.ts";

const heights = { wide: 56, narrow: 96 } as const;
const narrowQuery = "(max-width: 760px)";
/** Height of the row of titles, which stays on top. */
const headPx = 36;

const columns = [
  ["state", "State"],
  ["name", "Job"],
  ["strip", "Last runs"],
  ["last", "Last run"],
  ["trend", "Duration"],
  ["next", "Expected"],
] as const;

/** Draws the rows of a model. */
export function JobTable({ model }: { model: JobList }) {
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
      class="jobs-table"
      aria-rowcount={ids.length + 1}
      aria-label={formatPlural(ids.length, "job")}
      style={{ "--row-height": `${rowHeight.value}px` }}
      onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
      onPointerLeave={() => model.hold(false)}
    >
      <thead>
        <tr aria-rowindex={1}>
          {columns.map(([name, title]) => (
            <th key={name} scope="col" class={`jobs-title jobs-title-${name}`}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Space rows={first} height={rowHeight.value} />
        {drawn.value.map((id, i) => {
          const row = model.row(id);
          return (
            row !== undefined && (
              <JobRow key={id} row={row} trends={model.trends} place={first + i} />
            )
          );
        })}
        <Space rows={ids.length - Math.min(end, ids.length)} height={rowHeight.value} />
      </tbody>
    </table>
  );
}

/** Stands for rows that are not drawn. */
function Space({ rows, height }: { rows: number; height: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="jobs-space" aria-hidden="true" style={{ height: `${rows * height}px` }}>
      <td />
    </tr>
  );
}
