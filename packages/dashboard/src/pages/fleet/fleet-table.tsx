/** The table of processes: those that are there, then those that ended within the hour. */
import type { FleetMemberView, FleetState, FleetView } from "@belfry/contract";
import { formatCount, formatLatency, formatShare } from "../../format/number.ts";
import { formatAgo, formatInstant } from "../../format/time.ts";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { checksWords, dutyLook, endedOf, lagTone, presentOf, stateLook } from "./fleet-words.ts";
import { seriesClass } from "./spread.tsx";
import "../../parts/meter.css";
import "../../parts/status-mark.css";

const columns: readonly Column[] = [
  { title: "Process" },
  { title: "State", class: "fleet-state" },
  { title: "Last sign", class: "num" },
  { title: "Shares", class: "num" },
  { title: "Monitors", class: "num" },
  { title: "Checks", class: "num" },
  { title: "Lag", class: "num" },
  { title: "CPU", class: "num" },
  { title: "Missed", class: "num" },
  { title: "Version", class: "fleet-version" },
];

/** Draws the rows. */
export function FleetTable({ fleet }: { fleet: FleetView }) {
  return (
    <table class="fleet-table" aria-label="Processes">
      <ColumnTitles columns={columns} />
      <tbody>
        {presentOf(fleet).map((member) => (
          <PresentRow key={member.id} member={member} fleet={fleet} />
        ))}
        {endedOf(fleet).map((member) => (
          <EndedRow key={member.id} member={member} fleet={fleet} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly member: FleetMemberView;
  readonly fleet: FleetView;
}

function PresentRow({ member, fleet }: RowProps) {
  const tone = lagTone(member.lag_seconds);
  return (
    <tr class={`fleet-row ${member.state === "late" ? "fleet-row-late" : ""}`}>
      <Name member={member} fleet={fleet} />
      <State state={member.state} />
      <LastSign member={member} secondsAgo={member.seen_seconds_ago} />
      <td class="num fleet-shares" data-title="Shares">
        {formatCount(member.shares.check)}
        {member.kind === "hub" && (
          <span title="Shares of hosts and heartbeats"> + {formatCount(member.shares.hear)}</span>
        )}
      </td>
      <td class="num" data-title="Monitors">
        {formatCount(member.monitors)}
      </td>
      <td class="num" data-title="Checks">
        {checksWords(member.checks_per_second)}
      </td>
      <td class="num" data-title="Lag">
        <span class={`level-text level-${tone}`}>{formatLatency(member.lag_seconds * 1000)}</span>
      </td>
      <td class="num" data-title="CPU" title="Of one core">
        {formatShare(member.cpu_cores)}
      </td>
      <Missed member={member} />
      <Version member={member} />
    </tr>
  );
}

function EndedRow({ member, fleet }: RowProps) {
  return (
    <tr class="fleet-row fleet-row-ended">
      <Name member={member} fleet={fleet} />
      <State state={member.state} />
      <LastSign member={member} secondsAgo={member.ended_seconds_ago ?? 0} />
      {["Shares", "Monitors", "Checks", "Lag", "CPU"].map((title) => (
        <td key={title} class="num fleet-none">
          –
        </td>
      ))}
      <Missed member={member} />
      <Version member={member} />
    </tr>
  );
}

function Name({ member, fleet }: RowProps) {
  const { id, kind, name, location, url } = member;
  const answers = id === fleet.answered_by;
  return (
    <th scope="row" class="fleet-name">
      <span class={`fleet-swatch ${seriesClass(fleet, id)}`} aria-hidden="true" />
      <span class="fleet-title">{name}</span>
      <span class="fleet-where">
        {[kind, location, url ?? "", answers ? "answers this page" : ""]
          .filter((part) => part !== "")
          .join(" · ")}
      </span>
      {member.duties.length > 0 && (
        <span class="fleet-duties">
          {member.duties.map((duty) => (
            <span key={duty} class="chip" title={dutyLook(duty).meaning}>
              {dutyLook(duty).title}
            </span>
          ))}
        </span>
      )}
    </th>
  );
}

function State({ state }: { state: FleetState }) {
  const { title, meaning, look, shape } = stateLook(state);
  return (
    <td class="fleet-state">
      <span class={`status-label ${look}`} title={meaning}>
        <svg class={`status-mark ${look}`} viewBox="0 0 12 12" aria-hidden="true">
          <path fill-rule="evenodd" d={shape} />
        </svg>
        {title}
      </span>
    </td>
  );
}

/** By the database's clock, as it was when it was asked: between two answers nothing grows old by itself. */
function LastSign({ member, secondsAgo }: { member: FleetMemberView; secondsAgo: number }) {
  const at = member.ended_at ?? member.seen_at;
  return (
    <td class="num fleet-sign" data-title="Last sign">
      <time dateTime={at} title={formatInstant(Date.parse(at))}>
        {formatAgo(0, secondsAgo * 1000)}
      </time>
    </td>
  );
}

function Missed({ member }: { member: FleetMemberView }) {
  return (
    <td
      class="num"
      data-title="Missed"
      title="Checks nobody made because they fell into a take-over"
    >
      {formatCount(member.missed_slots)}
    </td>
  );
}

function Version({ member }: { member: FleetMemberView }) {
  return (
    <td class="fleet-version" data-title="Version">
      {member.version}
    </td>
  );
}
