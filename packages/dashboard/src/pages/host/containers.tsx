/** The containers of a host. Names come from the host: text, never markup. */
import type { HostDetails } from "@belfry/contract";
import { formatBytes } from "../../format/number.ts";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { cpuOfProcess } from "./host-words.ts";

type Containers = NonNullable<HostDetails["containers"]>;

const columns: readonly Column[] = [
  { title: "Name" },
  { title: "Image", class: "container-image" },
  { title: "Status" },
  { title: "Ports", class: "container-ports" },
  { title: "CPU %", class: "num" },
  { title: "Memory", class: "num" },
];

const refusals: Readonly<Record<string, string>> = {
  permission_denied: "The agent may not read the engine's socket.",
  timeout: "The engine did not answer in time.",
  not_running: "The engine is installed and not running.",
};

/** Draws the table, or says why there is none. */
export function ContainerSection({ containers }: { containers: Containers }) {
  const { engine, running, total, error, list } = containers;
  return (
    <section class="host-section" aria-labelledby="containers-title">
      <header>
        <h2 id="containers-title">Containers</h2>
        <p>
          {engine}
          {error === undefined && `, ${running} of ${total} running`}
        </p>
      </header>
      {error !== undefined && (
        <p class="quiet">{refusals[error] ?? `The engine says: ${error}.`}</p>
      )}
      {list.length > 0 && <Table list={list} />}
    </section>
  );
}

function Table({ list }: { list: Containers["list"] }) {
  return (
    <table class="data-table containers">
      <ColumnTitles columns={columns} />
      <tbody>
        {list.map((one) => (
          <Row key={one.id} container={one} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ container }: { container: Containers["list"][number] }) {
  const { state, status, health, restarts = 0, memory_bytes: memory } = container;
  const isBad = state === "restarting" || state === "dead" || health === "unhealthy";
  return (
    <tr class={state === "running" ? "" : "container-idle"}>
      <th scope="row" title={container.name}>
        {container.name}
      </th>
      <td class="container-image quiet" title={container.image}>
        {container.image}
      </td>
      <td title={status}>
        <span class={isBad ? "level-text level-bad" : ""}>{status === "" ? state : status}</span>
        {health === "unhealthy" && !status.includes(health) && (
          <span class="level-text level-bad"> · unhealthy</span>
        )}
        {restarts > 0 && <span class="quiet"> · {restarts} restarts</span>}
      </td>
      <td class="container-ports quiet" title={container.ports}>
        {container.ports}
      </td>
      <td class="num">
        {container.cpu_cores === undefined ? "–" : cpuOfProcess(container.cpu_cores)}
      </td>
      <td class="num">{memory === undefined ? "–" : formatBytes(memory)}</td>
    </tr>
  );
}
