/** The addresses of what has to do with alerting: incidents now and past, one incident, silences and maintenance. */
import type { Severity } from "@belfry/contract";

/** How far back the past of incidents is shown; `all`: to the first. */
export const pastRanges = ["24h", "7d", "30d", "all"] as const;
export type PastRange = (typeof pastRanges)[number];

/** All severities, the worst first: as the contract has them, which is not bundled into the pages. */
export const severityNames = ["critical", "warning", "info"] as const satisfies readonly Severity[];

/** Incidents that are open, or those that are over. */
export interface IncidentsView {
  readonly page: "incidents";
  readonly shown: "open" | "past";
  /** Words in the title or the names of subjects; empty: all. */
  readonly q: string;
  /** Only these; null: all. */
  readonly severity: Severity | null;
  /** Only of the past. */
  readonly range: PastRange;
}

/** The page of one incident. */
export interface IncidentPageView {
  readonly page: "incident";
  readonly id: string;
}

/** Silences, and maintenance with its calendar. */
export interface SilencesView {
  readonly page: "silences";
  /** The month of the calendar, as `2026-11`; empty: the present one. */
  readonly month: string;
}

export type AlertRelatedView = IncidentsView | IncidentPageView | SilencesView;

/** What is open now. */
export const plainIncidents: IncidentsView = {
  page: "incidents",
  shown: "open",
  q: "",
  severity: null,
  range: "7d",
};

/** What is over. */
export const pastIncidents: IncidentsView = { ...plainIncidents, shown: "past" };

/** Silences and maintenance, with the present month. */
export const plainSilences: SilencesView = { page: "silences", month: "" };

/** The page of an incident. */
export function incidentPage(id: string): IncidentPageView {
  return { page: "incident", id };
}

/** The view below one of the words of alerting; undefined: not one of them. */
export function alertRelated(
  resource: string | undefined,
  id: string,
  query: URLSearchParams,
): AlertRelatedView | undefined {
  if (resource === "incidents") {
    if (id === "") return incidentsOf(query);
    return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? incidentPage(id) : undefined;
  }
  if (resource !== "silences" || id !== "") return undefined;
  return { page: "silences", month: monthOf(query.get("month")) };
}

/** The path of a view below the pages, and its query. */
export function alertPath(view: AlertRelatedView): {
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
} {
  switch (view.page) {
    case "incidents":
      return { path: "incidents", query: incidentsQuery(view) };
    case "incident":
      return { path: `incidents/${view.id}`, query: [] };
    case "silences":
      return { path: "silences", query: view.month === "" ? [] : [["month", view.month]] };
  }
}

function incidentsOf(query: URLSearchParams): IncidentsView {
  return {
    page: "incidents",
    shown: query.get("shown") === "past" ? "past" : "open",
    q: query.get("q") ?? "",
    severity: severityNames.find((severity) => severity === query.get("severity")) ?? null,
    range: pastRanges.find((range) => range === query.get("range")) ?? plainIncidents.range,
  };
}

function incidentsQuery({ shown, q, severity, range }: IncidentsView) {
  return [
    ...(shown === "open" ? [] : [["shown", shown] as const]),
    ...(q === "" ? [] : [["q", q] as const]),
    ...(severity === null ? [] : [["severity", severity] as const]),
    ...(range === plainIncidents.range ? [] : [["range", range] as const]),
  ];
}

function monthOf(text: string | null): string {
  return text !== null && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text) ? text : "";
}
