/** The incidents of a monitor or a host, newest first, each with its evidence. */
import type { IncidentView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { useSignal } from "@preact/signals";
import { describeFailure } from "../api/failure.ts";
import { formatPlural } from "../format/number.ts";
import { formatDuration, formatInstant } from "../format/time.ts";
import type { Past } from "../live/past.ts";
import { Ago } from "./ago.tsx";
import { Evidence } from "./evidence.tsx";
import { StatusMark } from "./status-mark.tsx";
import { incidentPage, plainWouldTell } from "../route/alert-route.ts";
import { formatRoute } from "../route/route.ts";
import { useParts } from "../shell/parts.ts";
import "./incidents.css";

interface IncidentsProps {
  readonly past: Past;
  readonly mayWrite: boolean;
  /** What they are about. */
  readonly subject: { readonly kind: "monitor" | "host"; readonly id: string };
}

/** Draws the list, and the way to who would be told of the next one. */
export function Incidents({ past, mayWrite, subject }: IncidentsProps) {
  const page = past.incidents.value;
  return (
    <section class="incidents" aria-labelledby="incidents-title">
      <header>
        <h2 id="incidents-title">Incidents</h2>
        <a href={formatRoute({ ...plainWouldTell, ...subject })}>Who would be told?</a>
      </header>
      {page?.items.length === 0 && <p class="quiet">None. Nothing has rung.</p>}
      <ol>
        {page?.items.map((incident) => (
          <Incident
            key={incident.id}
            incident={incident}
            past={past}
            mayWrite={mayWrite}
            subject={subject}
          />
        ))}
      </ol>
      {page?.next_cursor != null && (
        <button type="button" onClick={() => void past.olderIncidents()}>
          Older incidents
        </button>
      )}
    </section>
  );
}

interface IncidentProps extends IncidentsProps {
  readonly incident: IncidentView;
}

function Incident({ incident, past, mayWrite, subject }: IncidentProps) {
  const { client, toasts } = useParts();
  const busy = useSignal(false);
  const isOpen = incident.resolved_at === null;
  const opened = Date.parse(incident.opened_at);
  const own = incident.troubles.find(({ kind, id }) => kind === subject.kind && id === subject.id);
  // Of several that share a cause, message, reason and evidence are those of one.
  const isOfOther = own !== undefined && own.message !== incident.message;

  async function acknowledge(): Promise<void> {
    busy.value = true;
    const reply = await client.acknowledge(incident.id);
    busy.value = false;
    if (reply.kind === "ok") past.putIncident(reply.value);
    else toasts.say(describeFailure(reply.failure), "bad");
  }

  return (
    <li class={isOpen ? "incident incident-open is-down" : "incident is-up"}>
      <p class="incident-line">
        <StatusMark status={isOpen ? "down" : "up"} />
        <a href={formatRoute(incidentPage(incident.id))}>
          {incident.reason === null || isOfOther ? (
            <strong>{incident.title}</strong>
          ) : (
            <strong title={reasonTable[incident.reason].title}>
              {incident.reason.replaceAll("_", " ")}
            </strong>
          )}
        </a>
        <span>
          {isOpen ? (
            <>
              open for <Ago at={incident.opened_at} as="since" />
            </>
          ) : (
            `lasted ${formatDuration(Date.parse(incident.resolved_at ?? "") - opened)}`
          )}
        </span>
        {incident.flapping && <span class="chip">flapping</span>}
        <time class="quiet" dateTime={incident.opened_at}>
          {formatInstant(opened)}
        </time>
      </p>
      <p class="incident-message">{own?.message ?? incident.message}</p>
      <div class="incident-more">
        {incident.acknowledged_at !== null ? (
          <span class="quiet">
            acknowledged <Ago at={incident.acknowledged_at} />
          </span>
        ) : (
          isOpen &&
          mayWrite && (
            <button type="button" disabled={busy.value} onClick={() => void acknowledge()}>
              Acknowledge
            </button>
          )
        )}
        {isOfOther ? (
          <p class="quiet">
            {formatPlural(incident.subjects.length, "subject")} of one cause
            {incident.cause !== null && `, ${incident.cause.why}`}
          </p>
        ) : (
          <details open={isOpen}>
            <summary>Evidence</summary>
            <Evidence evidence={incident.evidence} />
          </details>
        )}
      </div>
    </li>
  );
}
