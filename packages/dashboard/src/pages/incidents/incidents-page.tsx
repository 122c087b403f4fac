/** Incidents: those that are open, the worst first, and those that are over. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { IncidentView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import type { Page } from "../../api/client.ts";
import { appendNextPage, withOlder } from "../../api/next-page.ts";
import { formatCount, formatPlural } from "../../format/number.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { SearchField } from "../../parts/filters.tsx";
import { createIncidentActions } from "../../parts/incident-actions.ts";
import { severityStatus, severityTitle } from "../../parts/severity-words.ts";
import { SnoozeDialog } from "../../parts/snooze-dialog.tsx";
import {
  pastRanges,
  plainIncidents,
  severityNames,
  type IncidentsView,
} from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { countsOf, filterOf, matches, worstFirst } from "./incident-list.ts";
import { IncidentRow } from "./incident-row.tsx";
import "./incidents-page.css";

/** Draws the list the address asks for. */
export function IncidentsPage() {
  const { client, router, access } = useParts();
  const view = router.view.value.page === "incidents" ? router.view.value : plainIncidents;
  const ask = (cursor?: string) => client.incidents(filterOf(view, Date.now(), cursor));
  const followed = useFollowed<Page<IncidentView>>(`${view.shown} ${view.range}`, () => ask(), {
    merge: withOlder,
  });
  const parts = useParts();
  const actions = useMemo(
    () =>
      createIncidentActions(parts, (changed) => {
        const page = followed.value.value;
        if (page === null) return;
        const items = page.items.map((one) => (one.id === changed.id ? changed : one));
        followed.value.value = { ...page, items };
      }),
    [followed],
  );
  const snoozed = useSignal<IncidentView | null>(null);
  useSignalEffect(() => {
    const open = view.shown === "open" ? (followed.value.value?.items.length ?? 0) : 0;
    document.title = open === 0 ? "Incidents – Belfry" : `(${open}) Incidents – Belfry`;
  });
  useRowKeys();
  const page = followed.value.value;
  const failure = followed.failure.value;
  if (page === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The incidents" failure={failure} onRetry={() => followed.refresh()} />;
  }
  const shown = page.items.filter((incident) => matches(incident, view));
  const items = view.shown === "open" ? worstFirst(shown) : shown;
  return (
    <>
      <Title view={view} page={page} />
      <AlertTabs at={view.shown} />
      <Tools view={view} />
      {items.length === 0 && <Nothing view={view} isFiltered={page.items.length > 0} />}
      <ol class="incident-rows">
        {items.map((incident) => (
          <IncidentRow
            key={incident.id}
            incident={incident}
            actions={mayWrite(access.state.value) ? actions : null}
            onSnooze={() => (snoozed.value = incident)}
          />
        ))}
      </ol>
      {page.next_cursor !== null && (
        <button
          type="button"
          class="incidents-older"
          onClick={() => void appendNextPage(followed.value, ask)}
        >
          Older incidents
        </button>
      )}
      <SnoozeDialog
        incident={snoozed.value}
        actions={actions}
        onClose={() => (snoozed.value = null)}
      />
    </>
  );
}

function Title({ view, page }: { view: IncidentsView; page: Page<IncidentView> }) {
  if (view.shown === "past") {
    return (
      <div class="alert-title">
        <h1>Past incidents</h1>
      </div>
    );
  }
  const counts = countsOf(page.items);
  return (
    <div class="alert-title">
      <h1>
        {counts.length === 0
          ? "Nothing rings"
          : counts.map(({ severity, count }, i) => (
              <span key={severity} class={`is-${severityStatus(severity)}`}>
                {i > 0 && <span class="headline-rest">, </span>}
                <em>
                  {page.next_cursor !== null && "at least "}
                  {formatCount(count)} {severityTitle(severity).toLowerCase()}
                </em>
              </span>
            ))}
        {counts.length > 0 && (
          <span class="headline-rest"> of {formatPlural(page.items.length, "open incident")}</span>
        )}
      </h1>
    </div>
  );
}

const rangeNames = {
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  all: "All",
} as const satisfies Record<IncidentsView["range"], string>;

function Tools({ view }: { view: IncidentsView }) {
  const { router } = useParts();
  const asked = useComputed(() =>
    router.view.value.page === "incidents" ? router.view.value.q : undefined,
  );
  return (
    <div class="tools incident-tools">
      <SearchField
        asked={asked}
        label="Search incidents"
        placeholder="Search title or subject"
        onSearch={(q) => router.replace({ ...view, q })}
        onEnter={() => document.querySelector<HTMLElement>(".incident-row a")?.focus()}
      />
      <ul class="incident-severities" aria-label="Filter by severity">
        {severityNames.map((severity) => {
          const isOn = view.severity === severity;
          return (
            <li key={severity}>
              <a
                class={isOn ? "chip chip-on" : "chip"}
                aria-current={isOn ? "true" : undefined}
                href={formatRoute({ ...view, severity: isOn ? null : severity })}
              >
                {severityTitle(severity)}
              </a>
            </li>
          );
        })}
      </ul>
      {view.shown === "past" && (
        <select
          aria-label="How far back"
          value={view.range}
          onChange={({ currentTarget: { value } }) => {
            const range = pastRanges.find((one) => one === value);
            if (range !== undefined) router.go({ ...view, range });
          }}
        >
          {pastRanges.map((range) => (
            <option key={range} value={range}>
              {rangeNames[range]}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function Nothing({ view, isFiltered }: { view: IncidentsView; isFiltered: boolean }) {
  if (isFiltered || view.q !== "" || view.severity !== null) {
    return (
      <p class="incidents-none">
        No incident fits.{" "}
        <a href={formatRoute({ ...view, q: "", severity: null })}>Without the filters</a>
      </p>
    );
  }
  return (
    <p class="incidents-none">
      {view.shown === "open"
        ? "No incident is open. When something breaks, it stands here with its cause and who took it."
        : "Nothing has rung in this time."}
    </p>
  );
}

/** j and k walk over the rows. */
function useRowKeys(): void {
  const move = (by: number): void => {
    const links = [...document.querySelectorAll<HTMLElement>(".incident-row .row-link")];
    const at = links.findIndex((link) => link === document.activeElement);
    links[Math.min(Math.max(0, at + by), links.length - 1)]?.focus();
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
  });
}
