/** One host of the list. */
import type { ReadonlySignal } from "@preact/signals";
import type { HostView } from "@belfry/contract";
import { formatCelsius, formatLoad, formatRate } from "../../format/number.ts";
import { formatInstant, formatLong } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { LabelChips } from "../../parts/label-chips.tsx";
import { levelOf, type Level } from "../../parts/level.ts";
import { Meter } from "../../parts/meter.tsx";
import { StatusLabel } from "../../parts/status-mark.tsx";
import { formatRoute, hostPage, plainHosts } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { loadPerCore } from "./arrange.ts";
import { RatioSpark } from "./spark.tsx";
import type { Sparkline } from "./sparklines.ts";

interface RowProps {
  readonly row: ReadonlySignal<HostView>;
  readonly line: ReadonlySignal<Sparkline | undefined>;
  /** From 0, in the whole list. */
  readonly place: number;
}

/** Draws the row; it redraws when its own host changes. */
export function HostRow({ row, line, place }: RowProps) {
  const host = row.value;
  const { figures } = host;
  // Figures of a host that is not heard from are the last ones: they are said, and ring no more.
  const isOld = host.status === "down" || host.status === "paused";
  const level = (what: Parameters<typeof levelOf>[0], value: number | null): Level =>
    isOld ? "fine" : levelOf(what, value);
  const perCore = loadPerCore(figures);
  return (
    <tr
      class={`list-row host-row is-${host.status} ${isOld ? "host-old" : ""}`}
      data-place={place}
      aria-rowindex={place + 2}
    >
      <td class="host-status">
        <StatusLabel status={host.status} />
        <span class="row-since host-since">
          <Ago at={host.status_since} as="since" />
        </span>
      </td>
      <th scope="row" class="host-name">
        <a class="row-link" href={formatRoute(hostPage(host.id))}>
          {host.name}
        </a>
        <LabelChips
          labels={host.labels}
          most={3}
          hrefOf={(label) => formatRoute({ ...plainHosts, labels: [label] })}
        />
      </th>
      <td class="host-cpu">
        <RatioSpark values={line.value?.cpu} />
        <Meter share={figures.cpu_ratio} level={level("cpu", figures.cpu_ratio)} />
      </td>
      <td class="host-memory">
        <RatioSpark values={line.value?.memory} />
        <Meter share={figures.memory_ratio} level={level("memory", figures.memory_ratio)} />
      </td>
      <td class="host-disk">
        <Meter
          share={figures.fullest_disk_ratio}
          level={level("disk", figures.fullest_disk_ratio)}
        />
      </td>
      <td class="host-network num">
        <Flow bytes={figures.network_receive_bytes_per_second} arrow="↓" what="in" />
        <Flow bytes={figures.network_transmit_bytes_per_second} arrow="↑" what="out" />
      </td>
      <td class="host-load num">
        <span class={`level-text level-${level("load", perCore)}`}>
          {formatLoad(figures.load1)}
        </span>
        {figures.cores !== null && <span class="host-of"> of {figures.cores}</span>}
      </td>
      <td class="host-temperature num">
        <span class={`level-text level-${level("temperature", figures.temperature_celsius)}`}>
          {formatCelsius(figures.temperature_celsius)}
        </span>
      </td>
      <td class="host-uptime num">
        <Uptime at={isOld ? null : figures.boot_time} />
      </td>
    </tr>
  );
}

function Flow({ bytes, arrow, what }: { bytes: number | null; arrow: string; what: string }) {
  if (bytes === null) return <span class="host-flow">–</span>;
  return (
    <span class="host-flow">
      {formatRate(bytes)}
      <span class="visually-hidden"> {what}</span>
      <span class="host-of" aria-hidden="true">
        {` ${arrow}`}
      </span>
    </span>
  );
}

function Uptime({ at }: { at: string | null }) {
  const { now } = useParts();
  if (at === null) return <>–</>;
  const booted = Date.parse(at);
  return (
    <time dateTime={at} title={`Booted ${formatInstant(booted)}`}>
      {formatLong(now.peek() - booted)}
    </time>
  );
}
