/**
 * The addresses of the pages. A view is what a URL means; `parseRoute` and `formatRoute` are each other's inverse, so
 * that everything that can be seen can be linked to, and Back goes back. What a URL says that is not understood is left
 * out, never an error.
 */
import { statuses, type Status } from "@belfry/contract/status";

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

/** Ranges that end now. */
export const ranges = ["1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof ranges)[number];

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

/** The form: of a new monitor, of a copy of one, or of an existing one. */
export interface FormView {
  readonly page: "form";
  readonly id: string | null;
  readonly copyOf: string | null;
}

export interface MissingView {
  readonly page: "missing";
  readonly path: string;
}

/** Everything the pages can show. */
export type View = OverviewView | MonitorPageView | FormView | MissingView;

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
      if (action === undefined) return monitorOf(id, query);
      if (action === "edit") return { page: "form", id, copyOf: null };
    }
  }
  return { page: "missing", path: pathname };
}

/** The path, with its query, of a view. */
export function formatRoute(view: View): string {
  switch (view.page) {
    case "overview":
      return base + queryText(overviewQuery(view));
    case "monitor":
      return `${base}monitors/${view.id}${queryText(monitorQuery(view))}`;
    case "form":
      if (view.id !== null) return `${base}monitors/${view.id}/edit`;
      return `${base}monitors/new${queryText(view.copyOf === null ? [] : [["copy", view.copyOf]])}`;
    case "missing":
      return view.path;
  }
}

function overviewOf(query: URLSearchParams): OverviewView {
  const asked = new Set((query.get("status") ?? "").split(","));
  return {
    page: "overview",
    q: query.get("q") ?? "",
    status: statuses.filter((status) => asked.has(status)),
    kind: query.get("kind") ?? "",
    labels: query.getAll("label").filter((label) => label !== ""),
    order: oneOf(orders, query.get("order")) ?? "trouble",
  };
}

function overviewQuery(view: OverviewView): [string, string][] {
  return [
    ...(view.q === "" ? [] : [["q", view.q] as [string, string]]),
    ...(view.status.length === 0 ? [] : [["status", view.status.join(",")] as [string, string]]),
    ...(view.kind === "" ? [] : [["kind", view.kind] as [string, string]]),
    ...view.labels.map((label): [string, string] => ["label", label]),
    ...(view.order === "trouble" ? [] : [["order", view.order] as [string, string]]),
  ];
}

function monitorOf(id: string, query: URLSearchParams): MonitorPageView {
  const from = Date.parse(query.get("from") ?? "");
  const to = Date.parse(query.get("to") ?? "");
  return {
    page: "monitor",
    id,
    range: oneOf(ranges, query.get("range")) ?? "24h",
    zoom: from < to ? { from, to } : null,
  };
}

function monitorQuery(view: MonitorPageView): [string, string][] {
  const query: [string, string][] = view.range === "24h" ? [] : [["range", view.range]];
  if (view.zoom !== null) {
    query.push(["from", new Date(view.zoom.from).toISOString()]);
    query.push(["to", new Date(view.zoom.to).toISOString()]);
  }
  return query;
}

function queryText(pairs: readonly (readonly [string, string])[]): string {
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
