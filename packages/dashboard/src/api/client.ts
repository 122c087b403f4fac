/** The hub's API as functions. Paths and queries are written here and nowhere else. */
import type {
  CheckKindView,
  FleetView,
  HistoryRow,
  HostDetailView,
  HostPatch,
  HostSeriesView,
  HostSparklinesView,
  HostView,
  MonitorInput,
  MonitorLocationsView,
  MonitorPatch,
  MonitorSummary,
  MonitorTestView,
  MonitorView,
  SeriesListView,
  SeriesRangeView,
  SessionView,
  UptimeView,
  WorkerView,
} from "@belfry/contract";
import type { Order, OverviewView, Span } from "../route/route.ts";
import { heartbeatCalls, incidentCalls } from "./alert-calls.ts";
import { alertSettingCalls, channelCalls, ruleCalls } from "./alert-setting-calls.ts";
import type { Reply } from "./failure.ts";
import { jobCalls } from "./job-calls.ts";
import { queryOf, withSignal } from "./query.ts";
import type { Requester } from "./request.ts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** A page of monitors, and how many there are on all pages. */
export interface MonitorPage extends Page<MonitorView> {
  readonly total: number;
}

/** What to list: the filters of the overview. */
export type MonitorFilter = Omit<OverviewView, "page">;

const orderQuery: Readonly<Record<Order, readonly [sort: string, order: string]>> = {
  trouble: ["status", "asc"],
  name: ["name", "asc"],
  latency: ["latency", "desc"],
  newest: ["created", "desc"],
};

const api = "/api/v1";

/** The most hosts the API gives at once. */
const mostHosts = 1000;

/** Series that are looked through for names. */
const mostFound = 500;

/** Makes the client. Every function answers with a value or a failure and never throws. */
export function createClient(requester: Requester) {
  const ask: Requester["ask"] = (...request) => requester.ask(...request);
  return {
    ...hostCalls(ask),
    ...jobCalls(ask),
    ...incidentCalls(ask),
    ...heartbeatCalls(ask),
    ...alertSettingCalls(ask),
    ...channelCalls(ask),
    ...ruleCalls(ask),
    listMonitors: (
      filter: MonitorFilter,
      page: { cursor: string | null; limit: number },
      signal?: AbortSignal,
    ): Promise<Reply<MonitorPage>> =>
      ask("GET", `${api}/monitors?${listQuery(filter, page)}`, withSignal(signal)),
    monitor: (id: string): Promise<Reply<MonitorView>> => ask("GET", `${api}/monitors/${id}`),
    createMonitor: (input: MonitorInput): Promise<Reply<MonitorView>> =>
      ask("POST", `${api}/monitors`, { body: input }),
    replaceMonitor: (
      id: string,
      version: number,
      input: MonitorInput,
    ): Promise<Reply<MonitorView>> =>
      ask("PUT", `${api}/monitors/${id}`, { body: input, ifMatch: version }),
    patchMonitor: (id: string, patch: MonitorPatch): Promise<Reply<MonitorView>> =>
      ask("PATCH", `${api}/monitors/${id}`, { body: patch }),
    deleteMonitor: (id: string): Promise<Reply<undefined>> =>
      ask("DELETE", `${api}/monitors/${id}`),
    /** One check of settings that need not be saved. `id`: whose kept secrets to use. */
    testMonitor: (
      input: MonitorInput,
      id: string | null,
      signal: AbortSignal,
    ): Promise<Reply<MonitorTestView>> =>
      ask("POST", `${api}/monitors/test${id === null ? "" : `?monitor=${id}`}`, {
        body: input,
        signal,
      }),
    checkNow: (id: string): Promise<Reply<MonitorView>> =>
      ask("POST", `${api}/monitors/${id}/check`),
    summaries: (
      ids: readonly string[],
    ): Promise<Reply<{ readonly items: readonly MonitorSummary[] }>> =>
      ask("GET", `${api}/monitors/summary?ids=${ids.join(",")}&hours=24&slots=48`),
    history: (
      id: string,
      query: { limit: number; status?: string; cursor?: string },
    ): Promise<Reply<Page<HistoryRow>>> =>
      ask("GET", `${api}/monitors/${id}/history?${queryOf(query)}`),
    uptime: (id: string, span: Span, signal?: AbortSignal): Promise<Reply<UptimeView>> =>
      ask("GET", `${api}/monitors/${id}/uptime?${queryOf(spanQuery(span))}`, withSignal(signal)),
    locations: (id: string): Promise<Reply<MonitorLocationsView>> =>
      ask("GET", `${api}/monitors/${id}/locations`),
    checkKinds: (): Promise<Reply<{ readonly items: readonly CheckKindView[] }>> =>
      ask("GET", `${api}/check-kinds`),
    /** Samples of the series a selector matches; `stepSeconds` null asks for them as they are. */
    series: (
      match: string,
      span: Span,
      stepSeconds: number | null,
      signal?: AbortSignal,
    ): Promise<Reply<SeriesRangeView>> =>
      ask(
        "GET",
        `${api}/series/range?${seriesQuery(match, span, stepSeconds)}`,
        withSignal(signal),
      ),
    /** Series that match a selector; as many as are worth offering. */
    findSeries: (match: string): Promise<Reply<SeriesListView>> =>
      ask("GET", `${api}/series?${queryOf({ match, limit: mostFound })}`),
    /** The processes that share the database. */
    fleet: (): Promise<Reply<FleetView>> => ask("GET", `${api}/fleet`),
    workers: (): Promise<Reply<{ readonly items: readonly WorkerView[] }>> =>
      ask("GET", `${api}/workers`),
    session: (): Promise<Reply<SessionView>> => ask("GET", `${api}/session`),
    signIn: (key: string): Promise<Reply<SessionView>> =>
      ask("POST", `${api}/session`, { body: { key } }),
    signOut: (): Promise<Reply<undefined>> => ask("DELETE", `${api}/session`),
  } as const;
}

function hostCalls(ask: Requester["ask"]) {
  return {
    hosts: (cursor: string | null, signal?: AbortSignal): Promise<Reply<Page<HostView>>> =>
      ask(
        "GET",
        `${api}/hosts?${queryOf({ limit: mostHosts, cursor: cursor ?? undefined })}`,
        withSignal(signal),
      ),
    host: (id: string): Promise<Reply<HostDetailView>> => ask("GET", `${api}/hosts/${id}`),
    patchHost: (id: string, patch: HostPatch): Promise<Reply<HostDetailView>> =>
      ask("PATCH", `${api}/hosts/${id}`, { body: patch }),
    deleteHost: (id: string): Promise<Reply<undefined>> => ask("DELETE", `${api}/hosts/${id}`),
    /** Deletes the samples of a host; the host stays. */
    cleanHost: (id: string): Promise<Reply<undefined>> => ask("POST", `${api}/hosts/${id}/clean`),
    /** Every series of a host with one of the names, in buckets. */
    hostSeries: (
      id: string,
      names: readonly string[],
      span: Span,
      stepSeconds: number,
      signal?: AbortSignal,
    ): Promise<Reply<HostSeriesView>> =>
      ask(
        "GET",
        `${api}/hosts/${id}/series?${namesQuery(names)}&${queryOf({ ...spanQuery(span), step: stepSeconds })}`,
        withSignal(signal),
      ),
    hostSparklines: (ids: readonly string[]): Promise<Reply<HostSparklinesView>> =>
      ask("GET", `${api}/hosts/sparklines?ids=${ids.join(",")}&hours=1`),
  } as const;
}

export type Client = ReturnType<typeof createClient>;

/** The query of a page of monitors. */
export function listQuery(
  filter: MonitorFilter,
  page: { readonly cursor: string | null; readonly limit: number },
): string {
  const [sort, order] = orderQuery[filter.order];
  const query = new URLSearchParams({ limit: String(page.limit), sort, order });
  if (filter.q !== "") query.set("q", filter.q);
  if (filter.status.length > 0) query.set("status", filter.status.join(","));
  if (filter.kind !== "") query.set("kind", filter.kind);
  for (const label of filter.labels) query.append("label", label);
  if (page.cursor !== null) query.set("cursor", page.cursor);
  return query.toString();
}

function seriesQuery(match: string, span: Span, stepSeconds: number | null): string {
  return queryOf({
    match,
    start: new Date(span.from).toISOString(),
    end: new Date(span.to).toISOString(),
    ...(stepSeconds === null ? { raw: true } : { step: stepSeconds }),
  });
}

function namesQuery(names: readonly string[]): string {
  return `name=${names.join(",")}`;
}

function spanQuery(span: Span): Record<string, string> {
  return { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
}
