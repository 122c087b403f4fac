/** The last checks of a monitor, newest first. */
import type { HistoryRow } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import type { Status } from "@belfry/contract/status";
import { formatLatency } from "../../format/number.ts";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import type { MonitorModel } from "./monitor-model.ts";

const columns: readonly Column[] = [
  { title: "Time" },
  { title: "Result" },
  { title: "Code", class: "num" },
  { title: "Took", class: "num" },
  { title: "Reason" },
];

/** Draws the table. */
export function Checks({ model, isPassive }: { model: MonitorModel; isPassive: boolean }) {
  const page = model.history.value;
  const isPlaced = (model.view.value?.locations.length ?? 0) > 0;
  return (
    <section class="checks" aria-labelledby="checks-title">
      <header>
        <h2 id="checks-title">{isPassive ? "Last outcomes" : "Last checks"}</h2>
        <label>
          <input
            type="checkbox"
            checked={model.failuresOnly}
            onChange={(event) => model.showFailuresOnly(event.currentTarget.checked)}
          />
          Failures only
        </label>
      </header>
      {page?.items.length === 0 ? (
        <p class="quiet">{model.failuresOnly.value ? "Nothing has failed." : "None yet."}</p>
      ) : (
        <table>
          <ColumnTitles columns={isPlaced ? [...columns, { title: "From" }] : columns} />
          <tbody>
            {page?.items.map((row) => (
              <Check key={`${row.timestamp} ${row.location}`} row={row} isPlaced={isPlaced} />
            ))}
          </tbody>
        </table>
      )}
      {page?.next_cursor != null && (
        <button type="button" onClick={() => void model.olderChecks()}>
          {isPassive ? "Older outcomes" : "Older checks"}
        </button>
      )}
    </section>
  );
}

const results = {
  UP: { mark: "up", word: "up" },
  DOWN: { mark: "down", word: "down" },
  TIMEOUT: { mark: "down", word: "timeout" },
  ERROR: { mark: "down", word: "error" },
  UNKNOWN: { mark: "unknown", word: "unknown" },
} as const satisfies Record<HistoryRow["status"], { mark: Status; word: string }>;

function Check({ row, isPlaced }: { row: HistoryRow; isPlaced: boolean }) {
  const at = Date.parse(row.timestamp);
  const { mark, word } = results[row.status];
  return (
    <tr class={`is-${mark}`}>
      <td>
        <time dateTime={row.timestamp} title={formatInstant(at)}>
          {formatMoment(at, Date.now())}
        </time>
      </td>
      <td class="checks-result">
        <StatusMark status={mark} /> {word}
      </td>
      <td class="num">{row.status_code ?? ""}</td>
      <td class="num">{formatLatency(row.latency_ms)}</td>
      <td class="checks-reason">
        {row.reason !== null && (
          <b title={reasonTable[row.reason].title}>{row.reason.replaceAll("_", " ")}</b>
        )}{" "}
        {row.error_message}
      </td>
      {isPlaced && <td>{row.location}</td>}
    </tr>
  );
}
