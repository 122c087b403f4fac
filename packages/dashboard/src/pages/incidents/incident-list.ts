/** Which incidents are asked for, which of them are shown, and in what order. */
import type { IncidentView, Severity } from "@belfry/contract";
import type { IncidentFilter } from "../../api/alert-calls.ts";
import { severityNames, type IncidentsView, type PastRange } from "../../route/alert-route.ts";

const dayMs = 86_400_000;
const rangeMs = {
  "24h": dayMs,
  "7d": 7 * dayMs,
  "30d": 30 * dayMs,
  all: null,
} as const satisfies Record<PastRange, number | null>;

const openAtOnce = 200;
const pastAtOnce = 50;

/** What the hub is asked for. `now`: epoch ms. */
export function filterOf(
  { shown, range }: IncidentsView,
  now: number,
  cursor?: string,
): IncidentFilter {
  const ms = rangeMs[range];
  return {
    open: shown === "open",
    limit: shown === "open" ? openAtOnce : pastAtOnce,
    ...(shown === "open" || ms === null ? {} : { from: now - ms }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Whether it is as bad as asked for, with every word searched for in its title or the names of what it is about. */
export function matches(
  incident: IncidentView,
  { q, severity }: Pick<IncidentsView, "q" | "severity">,
): boolean {
  if (severity !== null && incident.severity !== severity) return false;
  if (q === "") return true;
  const names = incident.subjects.map(({ name }) => name);
  const text = [incident.title, incident.cause?.name ?? "", ...names].join("\n").toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Those nobody took before the others, the worst first, then the newest. */
export function worstFirst(incidents: readonly IncidentView[]): readonly IncidentView[] {
  const rank = ({ severity, suppressed_by: by, acknowledged_at: at }: IncidentView): number =>
    severityNames.indexOf(severity) + (by === null ? 0 : 10) + (at === null ? 0 : 100);
  return incidents.toSorted(
    (a, b) => rank(a) - rank(b) || Date.parse(b.opened_at) - Date.parse(a.opened_at),
  );
}

/** How many there are of each severity that there are any of. */
export function countsOf(
  incidents: readonly IncidentView[],
): readonly { readonly severity: Severity; readonly count: number }[] {
  return severityNames
    .map((severity) => ({
      severity,
      count: incidents.filter((incident) => incident.severity === severity).length,
    }))
    .filter(({ count }) => count > 0);
}
