/** One monitor of the overview. */
import type { ReadonlySignal } from "@preact/signals";
import type { MonitorSummary, MonitorView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { formatLatency, formatUptime } from "../../format/number.ts";
import { Ago } from "../../parts/ago.tsx";
import { LabelChips } from "../../parts/label-chips.tsx";
import { StatusLabel } from "../../parts/status-mark.tsx";
import { isTrouble } from "../../parts/status-words.ts";
import { DayBar, Spark } from "../../parts/strip.tsx";
import { formatRoute, monitorPage, plainOverview } from "../../route/route.ts";

interface RowProps {
  readonly row: ReadonlySignal<MonitorView>;
  readonly summary: ReadonlySignal<MonitorSummary | undefined>;
  /** From 0, in the whole list. */
  readonly place: number;
  readonly total: number;
}

/** Draws the row; it redraws when its own monitor or summary changes. */
export function MonitorRow({ row, summary, place, total }: RowProps) {
  const monitor = row.value;
  const { status, last_check: check } = monitor;
  const reason = isTrouble(status) ? (check?.reason ?? null) : null;
  return (
    <li
      class={`list-row monitor-row is-${status}`}
      data-place={place}
      aria-posinset={place + 1}
      aria-setsize={total}
    >
      <span class="row-status">
        <StatusLabel status={status} />
        <span class="row-since">
          <Ago at={monitor.status_since} as="since" />
          {monitor.flapping && " · flapping"}
        </span>
      </span>
      <span class="row-what">
        <a class="row-link" href={formatRoute(monitorPage(monitor.id))}>
          {monitor.name}
        </a>
        <span class="row-target" title={monitor.target}>
          {reason === null ? (
            monitor.target
          ) : (
            <>
              <b title={check?.message ?? reasonTable[reason].title}>
                {reason.replaceAll("_", " ")}
              </b>{" "}
              {monitor.target}
            </>
          )}
        </span>
        <LabelChips
          labels={monitor.labels}
          most={3}
          hrefOf={(label) => formatRoute({ ...plainOverview, labels: [label] })}
        />
      </span>
      <DayBar summary={summary.value} />
      <Spark summary={summary.value} />
      <span class="row-latency num">
        {formatLatency(check?.result === "up" && status !== "paused" ? check.latency_ms : null)}
      </span>
      <span class="row-uptime num" title="Uptime over the last 24 hours">
        {formatUptime(summary.value?.uptime_ratio ?? null)}
      </span>
    </li>
  );
}
