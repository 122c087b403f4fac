/**
 * The addresses of the pages. A view is what a URL means; `parseRoute` and `formatRoute` are each other's inverse, so
 * that everything that can be seen can be linked to, and Back goes back. What a URL says that is not understood is left
 * out, never an error.
 */
import { statuses, type Status } from "@belfry/contract/status";
import { alertPath, alertRelated, type AlertRelatedView } from "./alert-route.ts";
import {
  jobRanges,
  jobsOf,
  jobsQuery,
  outputsOf,
  plainFailures,
  runPage,
  type JobRelatedView,
} from "./job-route.ts";

/** Where the pages begin. */
export const base = "/dashboard/";

/** Orders of the overview. `trouble` puts the worst first. */
export const orders = ["trouble", "name", "latency", "newest"] as const;
export type Order = (typeof orders)[number];

/** What the overview shows. */
export interface OverviewView {
  readonly page: "overview";
  /** Words to search for; empty: all. */
  readonly q: string;
  /** Any of these; empty: all. */
  readonly status: readonly Status[];
  /** A check kind; empty: all. */
  readonly kind: string;
  /** `team:core` or `team`; all must hold. */
  readonly labels: readonly string[];
  readonly order: Order;
}

/** Ranges of a monitor's page; they end now. */
export const ranges = ["1h", "6h", "24h", "7d", "30d"] as const;

/** Ranges of a host's page: an agent samples every few seconds, and is kept for years. */
export const hostRanges = ["5m", "15m", ...ranges, "1y"] as const;
export type Range = (typeof hostRanges)[number];

/** A fixed span, in epoch ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What the page of one monitor shows. */
export interface MonitorPageView {
  readonly page: "monitor";
  readonly id: string;
  readonly range: Range;
  /** Set while zoomed in; the range is what one returns to. */
  readonly zoom: Span | null;
}

/** What the list of hosts can be sorted by. `trouble` puts the worst first. */
export const hostSorts = [
  "trouble",
  "name",
  "cpu",
  "memory",
  "disk",
  "network",
  "load",
  "temperature",
  "uptime",
] as const;
export type HostSort = (typeof hostSorts)[number];

/** What the list of hosts shows. */
export interface HostsView {
  readonly page: "hosts";
  /** Words to search for; empty: all. */
  readonly q: string;
  /** Any of these; empty: all. */
  readonly status: readonly Status[];
  /** `team:core` or `team`; all must hold. */
  readonly labels: readonly string[];
  readonly sort: HostSort;
  /** Against the order a column is first sorted in: figures from the highest down, names and trouble upwards. */
  readonly reversed: boolean;
}

/** What the page of one host shows. */
export interface HostPageView {
  readonly page: "host";
  readonly id: string;
  readonly range: Range;
  /** Set while zoomed in; the range is what one returns to. */
  readonly zoom: Span | null;
}

/** The form: of a new monitor, of a copy of one, or of an existing one. */
export interface FormView {
  readonly page: "form";
  readonly id: string | null;
  readonly copyOf: string | null;
}

/** The processes that share the database. */
export interface FleetPageView {
  readonly page: "fleet";
}

export interface MissingView {
  readonly page: "missing";
  readonly path: string;
}

/** Everything the pages can show. */
export type View =
  | OverviewView
  | MonitorPageView
  | HostsView
  | HostPageView
  | FormView
  | JobRelatedView
  | AlertRelatedView
  | FleetPageView
  | MissingView;

/** The overview without any filter. */
export const plainOverview: OverviewView = {
  page: "overview",
  q: "",
  status: [],
  kind: "",
  labels: [],
  order: "trouble",
};

/** The page of a monitor as it opens. */
export function monitorPage(id: string): MonitorPageView {
  return { page: "monitor", id, range: "24h", zoom: null };
}

/** All hosts, those in trouble first. */
export const plainHosts: HostsView = {
  page: "hosts",
  q: "",
  status: [],
  labels: [],
  sort: "trouble",
  reversed: false,
};

/** The page of a host as it opens. */
export function hostPage(id: string): HostPageView {
  return { page: "host", id, range: "1h", zoom: null };
}

/** The processes. */
export const plainFleet: FleetPageView = { page: "fleet" };

/** The form of a new monitor. */
export const newMonitor: FormView = { page: "form", id: null, copyOf: null };

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a path with its query, as in `location.pathname + location.search`. */
export function parseRoute(url: string): View {
  const { pathname, searchParams: query } = new URL(url, "http://localhost");
  const path = pathname.endsWith("/") ? pathname : `${pathname}/`;
  if (path === base) return overviewOf(query);
  const rest = path.startsWith(base) ? path.slice(base.length, -1).split("/") : [];
  const [resource, id = "", action, ...more] = rest;
  if (resource === "monitors" && more.length === 0) {
    if (id === "new" && action === undefined) {
      return { page: "form", id: null, copyOf: idOf(query.get("copy")) };
    }
    if (idPattern.test(id)) {
      if (action === undefined) return { page: "monitor", id, ...spanOf(query, ranges, "24h") };
      if (action === "edit") return { page: "form", id, copyOf: null };
    }
  }
  if (resource === "hosts" && action === undefined) {
    if (id === "") return hostsOf(query);
    if (idPattern.test(id)) return { page: "host", id, ...spanOf(query, hostRanges, "1h") };
  }
  if (resource === "fleet" && id === "" && action === undefined) return plainFleet;
  const found =
    action === undefined
      ? (jobRelated(resource, id, query) ?? alertRelated(resource, id, query))
      : undefined;
  return found ?? { page: "missing", path: pathname };
}

function jobRelated(
  resource: string | undefined,
  id: string,
  query: URLSearchParams,
): JobRelatedView | undefined {
  const isId = idPattern.test(id);
  switch (resource) {
    case "jobs":
      if (id === "") return jobsOf(query);
      if (id === "failures") return plainFailures;
      return isId ? { page: "job", id, ...spanOf(query, jobRanges, "7d") } : undefined;
    case "runs":
      return isId ? runPage(id) : undefined;
    case "outputs":
      return outputsOf(id);
    default:
      return undefined;
  }
}

/** The path, with its query, of a view. */
export function formatRoute(view: View): string {
  switch (view.page) {
    case "overview":
      return base + queryText(overviewQuery(view));
    case "monitor":
      return `${base}monitors/${view.id}${queryText(spanQuery(view, "24h"))}`;
    case "hosts":
      return `${base}hosts${queryText(hostsQuery(view))}`;
    case "host":
      return `${base}hosts/${view.id}${queryText(spanQuery(view, "1h"))}`;
    case "form":
      if (view.id !== null) return `${base}monitors/${view.id}/edit`;
      return `${base}monitors/new${queryText(view.copyOf === null ? [] : [["copy", view.copyOf]])}`;
    case "jobs":
      return `${base}jobs${queryText(jobsQuery(view))}`;
    case "failures":
      return `${base}jobs/failures`;
    case "job":
      return `${base}jobs/${view.id}${queryText(spanQuery(view, "7d"))}`;
    case "run":
      return `${base}runs/${view.id}`;
    case "outputs":
      return `${base}outputs${view.name === null ? "" : `/${encodeURIComponent(view.name)}`}`;
    case "fleet":
      return `${base}fleet`;
    case "missing":
      return view.path;
    default: {
      const { path, query } = alertPath(view);
      return `${base}${path}${queryText(query)}`;
    }
  }
}

function overviewOf(query: URLSearchParams): OverviewView {
  return {
    page: "overview",
    ...filterOf(query),
    kind: query.get("kind") ?? "",
    order: oneOf(orders, query.get("order")) ?? "trouble",
  };
}

function overviewQuery(view: OverviewView): Pairs {
  return [
    ...filterQuery(view),
    ...(view.kind === "" ? [] : [["kind", view.kind] as const]),
    ...view.labels.map((label) => ["label", label] as const),
    ...(view.order === "trouble" ? [] : [["order", view.order] as const]),
  ];
}

function hostsOf(query: URLSearchParams): HostsView {
  return {
    page: "hosts",
    ...filterOf(query),
    sort: oneOf(hostSorts, query.get("sort")) ?? "trouble",
    reversed: query.get("order") === "reversed",
  };
}

function hostsQuery(view: HostsView): Pairs {
  return [
    ...filterQuery(view),
    ...view.labels.map((label) => ["label", label] as const),
    ...(view.sort === "trouble" ? [] : [["sort", view.sort] as const]),
    ...(view.reversed ? [["order", "reversed"] as const] : []),
  ];
}

type Filter = Pick<OverviewView, "q" | "status" | "labels">;

function filterOf(query: URLSearchParams): Filter {
  const asked = new Set((query.get("status") ?? "").split(","));
  return {
    q: query.get("q") ?? "",
    status: statuses.filter((status) => asked.has(status)),
    labels: query.getAll("label").filter((label) => label !== ""),
  };
}

function filterQuery({ q, status }: Filter): Pairs {
  return [
    ...(q === "" ? [] : [["q", q] as const]),
    ...(status.length === 0 ? [] : [["status", status.join(",")] as const]),
  ];
}

function spanOf<R extends Range>(
  query: URLSearchParams,
  known: readonly R[],
  plain: R,
): { readonly range: R; readonly zoom: Span | null } {
  const from = Date.parse(query.get("from") ?? "");
  const to = Date.parse(query.get("to") ?? "");
  return {
    range: oneOf(known, query.get("range")) ?? plain,
    zoom: from < to ? { from, to } : null,
  };
}

function spanQuery({ range, zoom }: Pick<HostPageView, "range" | "zoom">, plain: Range): Pairs {
  return [
    ...(range === plain ? [] : [["range", range] as const]),
    ...(zoom === null
      ? []
      : [
          ["from", new Date(zoom.from).toISOString()] as const,
          ["to", new Date(zoom.to).toISOString()] as const,
        ]),
  ];
}

type Pairs = readonly (readonly [name: string, value: string])[];

function queryText(pairs: Pairs): string {
  if (pairs.length === 0) return "";
  // Readable addresses: these characters need no escape within a query.
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
  return `?${text.replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}

function idOf(text: string | null): string | null {
  return text !== null && idPattern.test(text) ? text : null;
}

function oneOf<T extends string>(list: readonly T[], text: string | null): T | undefined {
  return list.find((one) => one === text);
}
