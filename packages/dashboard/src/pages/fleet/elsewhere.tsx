/** Workers elsewhere: without this database, they check for a hub and hand in what they found. */
import { useSignal } from "@preact/signals";
import type { WorkerView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import { formatCount } from "../../format/number.ts";
import { Ago } from "../../parts/ago.tsx";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { useParts } from "../../shell/parts.ts";

const columns: readonly Column[] = [
  { title: "Worker elsewhere" },
  { title: "State", class: "fleet-state" },
  { title: "Last sign", class: "num" },
  { title: "Monitors", class: "num" },
  { title: "Waiting", class: "num" },
  { title: "Dropped", class: "num" },
  { title: "Version", class: "fleet-version" },
];
const askEveryMs = 5_000;

/** Draws them; nothing where there are none. */
export function Elsewhere() {
  const { client } = useParts();
  const workers = useSignal<readonly WorkerView[]>([]);
  useEffect(() => {
    let isOver = false;
    async function ask(): Promise<void> {
      if (document.hidden) return;
      const reply = await client.workers();
      // What was told before stays while nobody answers: the page above says that it is old.
      if (!isOver && reply.kind === "ok") workers.value = reply.value.items;
    }
    void ask();
    const timer = setInterval(() => void ask(), askEveryMs);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [client]);
  if (workers.value.length === 0) return null;
  return (
    <table class="fleet-table fleet-elsewhere" aria-label="Workers elsewhere">
      <ColumnTitles columns={columns} />
      <tbody>
        {workers.value.map((worker) => (
          <Row key={worker.id} worker={worker} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ worker }: { worker: WorkerView }) {
  const { alive, name, location, seen_at, monitors, waiting, dropped, version } = worker;
  return (
    <tr class={`fleet-row ${alive ? "" : "fleet-row-ended"}`}>
      <th scope="row" class="fleet-name">
        <span class="fleet-title">{name}</span>
        <span class="fleet-where">{location}</span>
      </th>
      <td class="fleet-state">
        <StatusMark status={alive ? "up" : "unknown"} /> {alive ? "alive" : "away"}
      </td>
      <td class="num" data-title="Last sign">
        <Ago at={seen_at} />
      </td>
      <td class="num" data-title="Monitors">
        {formatCount(monitors)}
      </td>
      <td
        class="num"
        data-title="Waiting"
        title="Outcomes on its disk that the hub does not have yet"
      >
        {formatCount(waiting)}
      </td>
      <td class="num" data-title="Dropped" title="Outcomes it had no room for">
        {formatCount(dropped)}
      </td>
      <td class="fleet-version" data-title="Version">
        {version}
      </td>
    </tr>
  );
}
