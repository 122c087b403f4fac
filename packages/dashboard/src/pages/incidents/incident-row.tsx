/** One incident of the list: what, how bad, since when, why, how many feel it, who took it. */
import { useSignal } from "@preact/signals";
import type { IncidentView } from "@belfry/contract";
import { formatPlural } from "../../format/number.ts";
import { formatDuration, formatInstant, formatMoment } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import type { IncidentActions } from "../../parts/incident-actions.ts";
import { SeverityLabel } from "../../parts/severity-mark.tsx";
import { severityStatus, suppressedWords } from "../../parts/severity-words.ts";
import { incidentPage } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";

interface RowProps {
  readonly incident: IncidentView;
  /** null: changes are not for whoever looks. */
  readonly actions: IncidentActions | null;
  readonly onSnooze: () => void;
}

/** Draws the row. */
export function IncidentRow({ incident, actions, onSnooze }: RowProps) {
  const isOver = incident.resolved_at !== null;
  const isQuiet = isOver || incident.suppressed_by !== null || incident.acknowledged_at !== null;
  return (
    <li
      class={`incident-row is-${isOver ? "up" : severityStatus(incident.severity)}${isQuiet ? " is-quiet" : ""}`}
    >
      <div class="incident-row-severity">
        <SeverityLabel severity={incident.severity} isOver={isOver} />
        <Lasting incident={incident} />
      </div>
      <div class="incident-row-what">
        <a class="row-link" href={formatRoute(incidentPage(incident.id))}>
          {incident.title}
        </a>
        <p>
          {incident.message !== "" && <span>{incident.message}</span>}
          {incident.cause !== null && (
            <span>
              Cause: <b>{incident.cause.name}</b>, {incident.cause.why}
            </span>
          )}
          {incident.subjects.length > 1 && (
            <span>{formatPlural(incident.subjects.length, "subject")} affected</span>
          )}
        </p>
        <Marks incident={incident} />
      </div>
      {actions !== null && !isOver && (
        <RowActions incident={incident} actions={actions} onSnooze={onSnooze} />
      )}
    </li>
  );
}

function Lasting({ incident }: { incident: IncidentView }) {
  const opened = Date.parse(incident.opened_at);
  if (incident.resolved_at === null) {
    return (
      <span class="incident-row-since">
        for <Ago at={incident.opened_at} as="since" />
      </span>
    );
  }
  return (
    <span class="incident-row-since">
      <time dateTime={incident.opened_at} title={formatInstant(opened)}>
        {formatMoment(opened, Date.now())}
      </time>{" "}
      for {formatDuration(Date.parse(incident.resolved_at) - opened)}
    </span>
  );
}

/** Who took it, and why nobody is told. */
function Marks({ incident }: { incident: IncidentView }) {
  const { acknowledged_at: taken, acknowledged_by: by, suppressed_by: suppressed } = incident;
  if (taken === null && suppressed === null && !incident.flapping) return null;
  return (
    <p class="incident-row-marks">
      {taken !== null && (
        <span class="chip">
          taken{by === null ? "" : ` by ${by}`} <Ago at={taken} />
        </span>
      )}
      {suppressed !== null && incident.resolved_at === null && (
        <span class="chip">
          {suppressedWords(suppressed)}
          {suppressed === "snooze" && incident.snoozed_until !== null && (
            <> until {formatMoment(Date.parse(incident.snoozed_until), Date.now())}</>
          )}
        </span>
      )}
      {incident.flapping && <span class="chip">flapping</span>}
    </p>
  );
}

function RowActions({ incident, actions, onSnooze }: RowProps & { actions: IncidentActions }) {
  const busy = useSignal(false);
  async function acknowledge(): Promise<void> {
    busy.value = true;
    await actions.acknowledge(incident.id);
    busy.value = false;
  }
  return (
    <div class="incident-row-actions">
      {incident.acknowledged_at === null && (
        <button type="button" disabled={busy.value} onClick={() => void acknowledge()}>
          Acknowledge
          <span class="visually-hidden"> {incident.title}</span>
        </button>
      )}
      <button type="button" class="button-quiet" onClick={onSnooze}>
        Snooze
        <span class="visually-hidden"> {incident.title}</span>
      </button>
    </div>
  );
}
