/** The top of an incident's page: how bad, since when, what is behind it, who took it, what can be done. */
import type { IncidentView } from "@belfry/contract";
import { useSignal } from "@preact/signals";
import { formatPlural } from "../../format/number.ts";
import { formatDuration, formatInstant, formatMoment } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import type { IncidentActions } from "../../parts/incident-actions.ts";
import { PageHead } from "../../parts/page-head.tsx";
import { SeverityLabel } from "../../parts/severity-mark.tsx";
import { severityStatus, suppressedWords } from "../../parts/severity-words.ts";
import { SubjectLink } from "../../parts/subject-link.tsx";
import { pastIncidents, plainIncidents } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";

interface HeadProps {
  readonly incident: IncidentView;
  /** null: nothing can be done, or not by whoever looks. */
  readonly actions: IncidentActions | null;
  readonly onSnooze: () => void;
}

/** Draws the top. */
export function IncidentHead({ incident, actions, onSnooze }: HeadProps) {
  const isOver = incident.resolved_at !== null;
  return (
    <PageHead
      noun="incident"
      list={{
        title: isOver ? "Past incidents" : "Incidents",
        href: formatRoute(isOver ? pastIncidents : plainIncidents),
      }}
      name={incident.title}
      actions={
        actions !== null && <Actions incident={incident} actions={actions} onSnooze={onSnooze} />
      }
    >
      <div class={`incident-state is-${isOver ? "up" : severityStatus(incident.severity)}`}>
        <p class="incident-state-line">
          <SeverityLabel severity={incident.severity} isOver={isOver} />
          <Span incident={incident} />
          {incident.flapping && <span class="chip">flapping</span>}
        </p>
        {incident.message !== "" && <p class="incident-state-message">{incident.message}</p>}
        {incident.cause !== null && (
          <p>
            Behind it:{" "}
            <b>
              <SubjectLink subject={incident.cause} />
            </b>
            , {incident.cause.why}
            {incident.subjects.length > 1 &&
              ` (${formatPlural(incident.subjects.length, "subject")} affected)`}
          </p>
        )}
        <Told incident={incident} />
      </div>
    </PageHead>
  );
}

function Span({ incident: { opened_at: from, resolved_at: to } }: { incident: IncidentView }) {
  const opened = Date.parse(from);
  return (
    <span>
      {to === null ? (
        <>
          for <Ago at={from} as="since" />,
        </>
      ) : (
        `lasted ${formatDuration(Date.parse(to) - opened)},`
      )}{" "}
      since <time dateTime={from}>{formatInstant(opened)}</time>
    </span>
  );
}

/** Who took it, and why nobody is told at present. */
function Told({ incident }: { incident: IncidentView }) {
  const { acknowledged_at: taken, acknowledged_by: by, suppressed_by: suppressed } = incident;
  const until = incident.snoozed_until;
  if (taken === null && (suppressed === null || incident.resolved_at !== null)) return null;
  return (
    <p class="quiet">
      {taken !== null && (
        <>
          Taken{by === null ? "" : ` by ${by}`} <Ago at={taken} />.{" "}
        </>
      )}
      {suppressed !== null && incident.resolved_at === null && (
        <>
          Nobody is told: {suppressedWords(suppressed)}
          {suppressed === "snooze" &&
            until !== null &&
            ` until ${formatMoment(Date.parse(until), Date.now())}`}
          .
        </>
      )}
    </p>
  );
}

function Actions({ incident, actions, onSnooze }: HeadProps & { actions: IncidentActions }) {
  const busy = useSignal(false);
  const act = (what: "acknowledge" | "resolve") => async (): Promise<void> => {
    busy.value = true;
    await actions[what](incident.id);
    busy.value = false;
  };
  return (
    <>
      {incident.acknowledged_at === null && (
        <button
          type="button"
          class="button-main"
          aria-keyshortcuts="a"
          disabled={busy.value}
          onClick={() => void act("acknowledge")()}
        >
          Acknowledge
        </button>
      )}
      <button type="button" aria-keyshortcuts="s" onClick={onSnooze}>
        Snooze
      </button>
      <button type="button" disabled={busy.value} onClick={() => void act("resolve")()}>
        Resolve
      </button>
    </>
  );
}
