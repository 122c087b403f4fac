/**
 * The addresses of what has to do with alerting: incidents now and past, one incident, silences and maintenance, rules,
 * routes, channels, and who would be told.
 */
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

/** All rules. */
export interface RulesView {
  readonly page: "rules";
}

/** The page of one rule, or of a new one. */
export interface RulePageView {
  readonly page: "rule";
  /** null: a new one. */
  readonly id: string | null;
  /** The rule a new one begins from. */
  readonly copyOf: string | null;
  /** The new one takes the place of the rule it was copied from, for some of its subjects. */
  readonly isInstead: boolean;
}

/** The routes, in their order. */
export interface RoutesView {
  readonly page: "routes";
}

/** All channels, or one with what it was told. */
export interface ChannelsView {
  readonly page: "channels";
  /** null: all of them. */
  readonly id: string | null;
}

/** Kinds of what somebody may be told of. */
export const toldKinds = ["monitor", "host", "job"] as const;
export type ToldKind = (typeof toldKinds)[number];

/** Who would be told if something failed now. */
export interface WouldTellView {
  readonly page: "would-tell";
  readonly kind: ToldKind;
  /** null: nothing is chosen yet. */
  readonly id: string | null;
  /** null: as bad as it is by itself. */
  readonly severity: Severity | null;
}

export type AlertRelatedView =
  | IncidentsView
  | IncidentPageView
  | SilencesView
  | RulesView
  | RulePageView
  | RoutesView
  | ChannelsView
  | WouldTellView;

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

/** All rules. */
export const plainRules: RulesView = { page: "rules" };

/** A rule from nothing. */
export const newRule: RulePageView = { page: "rule", id: null, copyOf: null, isInstead: false };

/** The page of a rule. */
export function rulePage(id: string): RulePageView {
  return { ...newRule, id };
}

/** The routes. */
export const plainRoutes: RoutesView = { page: "routes" };

/** All channels. */
export const plainChannels: ChannelsView = { page: "channels", id: null };

/** Nothing chosen yet. */
export const plainWouldTell: WouldTellView = {
  page: "would-tell",
  kind: "monitor",
  id: null,
  severity: null,
};

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
  switch (resource) {
    case "incidents":
      if (id === "") return incidentsOf(query);
      return isId(id) ? incidentPage(id) : undefined;
    case "silences":
      return id === "" ? { page: "silences", month: monthOf(query.get("month")) } : undefined;
    case "rules":
      return rulesOf(id, query);
    case "routes":
      return id === "" ? plainRoutes : undefined;
    case "channels":
      if (id === "") return plainChannels;
      return isId(id) ? { page: "channels", id } : undefined;
    case "would-tell":
      return id === "" ? wouldTellOf(query) : undefined;
    default:
      return undefined;
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
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
    case "rules":
      return { path: "rules", query: [] };
    case "rule":
      return { path: `rules/${view.id ?? "new"}`, query: view.id === null ? ruleQuery(view) : [] };
    case "routes":
      return { path: "routes", query: [] };
    case "channels":
      return { path: view.id === null ? "channels" : `channels/${view.id}`, query: [] };
    case "would-tell":
      return { path: "would-tell", query: wouldTellQuery(view) };
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

/** Built-in rules have names in the place of ids. */
const ruleIdPattern = /^[a-z0-9][a-z0-9_-]{0,99}$/;

function rulesOf(id: string, query: URLSearchParams): RulesView | RulePageView | undefined {
  if (id === "") return plainRules;
  if (!ruleIdPattern.test(id)) return undefined;
  if (id !== "new") return rulePage(id);
  const copy = query.get("copy") ?? "";
  const copyOf = ruleIdPattern.test(copy) ? copy : null;
  return { ...newRule, copyOf, isInstead: copyOf !== null && query.get("instead") === "true" };
}

function ruleQuery({ copyOf, isInstead }: RulePageView) {
  return [
    ...(copyOf === null ? [] : [["copy", copyOf] as const]),
    ...(isInstead ? [["instead", "true"] as const] : []),
  ];
}

function wouldTellOf(query: URLSearchParams): WouldTellView {
  const id = query.get("id") ?? "";
  return {
    page: "would-tell",
    kind: toldKinds.find((kind) => kind === query.get("kind")) ?? "monitor",
    id: isId(id) ? id : null,
    severity: severityNames.find((severity) => severity === query.get("severity")) ?? null,
  };
}

function wouldTellQuery({ kind, id, severity }: WouldTellView) {
  return [
    ...(kind === "monitor" ? [] : [["kind", kind] as const]),
    ...(id === null ? [] : [["id", id] as const]),
    ...(severity === null ? [] : [["severity", severity] as const]),
  ];
}

function monthOf(text: string | null): string {
  return text !== null && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text) ? text : "";
}
