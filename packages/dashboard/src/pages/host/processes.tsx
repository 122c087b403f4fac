/** The processes that use most CPU and most memory, as `top` lists them. Names come from the host: text, never markup. */
import type { HostDetails, ProcessDetails } from "@belfry/contract";
import { formatBytes, formatCount } from "../../format/number.ts";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { cpuOfProcess } from "./host-words.ts";

const columns: readonly Column[] = [
  { title: "PID", class: "num process-pid" },
  { title: "Name" },
  { title: "User", class: "process-user" },
  { title: "CPU %", class: "num" },
  { title: "Memory", class: "num" },
];

const shown = 8;

/** Draws both lists side by side. */
export function Processes({ processes }: { processes: NonNullable<HostDetails["processes"]> }) {
  return (
    <section class="host-section" aria-labelledby="processes-title">
      <header>
        <h2 id="processes-title">Processes</h2>
        <p>{formatCount(processes.total)} in all</p>
      </header>
      <div class="section-columns">
        <List title="By CPU" list={processes.by_cpu} />
        <List title="By memory" list={processes.by_memory} />
      </div>
    </section>
  );
}

function List({ title, list }: { title: string; list: readonly ProcessDetails[] }) {
  return (
    <table class="data-table processes">
      <caption>{title}</caption>
      <ColumnTitles columns={columns} />
      <tbody>
        {list.slice(0, shown).map((process) => (
          <tr key={process.pid}>
            <td class="num process-pid quiet">{process.pid}</td>
            <th scope="row" title={process.name}>
              {process.name}
            </th>
            <td class="process-user quiet" title={process.user}>
              {process.user}
            </td>
            <td class="num">{cpuOfProcess(process.cpu_cores)}</td>
            <td class="num">{formatBytes(process.memory_bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
