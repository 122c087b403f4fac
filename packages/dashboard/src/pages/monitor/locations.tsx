/** What each location of a monitor says, and how many must agree. */
import { useSignal } from "@preact/signals";
import type { MonitorLocationsView, MonitorLocationView, MonitorView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import { formatLatency } from "../../format/number.ts";
import { formatMoment } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { StatusStrip } from "../../parts/status-strip.tsx";
import { useParts } from "../../shell/parts.ts";
import { locationWord, quorumSentence } from "./location-words.ts";
import type { MonitorModel } from "./monitor-model.ts";

const columns: readonly Column[] = [
  { title: "Location" },
  { title: "Status" },
  { title: "Since" },
  { title: "Last check" },
  { title: "Took", class: "num" },
  { title: "24 hours" },
];
/** A monitor checked every second has its locations fetched no more often than this. */
const askEveryMs = 2_000;
const dayMs = 86_400_000;

/** Draws the table. */
export function Locations({ monitor, model }: { monitor: MonitorView; model: MonitorModel }) {
  const { client } = useParts();
  const shown = useSignal<MonitorLocationsView | null>(null);
  const asked = useSignal(0);
  const { id, version, status } = monitor;
  const heard = model.heard.value;
  useEffect(() => {
    let isOver = false;
    const wait = Math.max(0, asked.value + askEveryMs - Date.now());
    const timer = setTimeout(() => {
      asked.value = Date.now();
      void client.locations(id).then((reply) => {
        if (!isOver && reply.kind === "ok") shown.value = reply.value;
      });
    }, wait);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, version, status, heard]);
  const view = shown.value;
  if (view === null || view.items.length === 0) return null;
  return (
    <section class="checks locations" aria-labelledby="locations-title">
      <header>
        <h2 id="locations-title">Locations</h2>
        <p class="quiet">{quorumSentence(view)}</p>
      </header>
      <table>
        <ColumnTitles columns={columns} />
        <tbody>
          {view.items.map((item) => (
            <Row key={item.location} item={item} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ item }: { item: MonitorLocationView }) {
  const mark = item.status === "away" ? "unknown" : item.status;
  const check = item.last_check;
  const now = Date.now();
  return (
    <tr>
      <th scope="row">{item.location}</th>
      <td class="checks-result">
        <StatusMark status={mark} /> {locationWord(item)}
      </td>
      <td>{item.status_since === null ? "" : formatMoment(Date.parse(item.status_since), now)}</td>
      <td>{check === null ? "not yet" : <Ago at={check.checked_at} />}</td>
      <td class="num">{formatLatency(check?.latency_ms ?? null)}</td>
      <td>
        <StatusStrip intervals={item.intervals} span={{ from: now - dayMs, to: now }} />
      </td>
    </tr>
  );
}
