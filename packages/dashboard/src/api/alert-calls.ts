/** The calls of alerting: incidents, notices, heartbeats, silences and maintenance. */
import type {
  ChannelView,
  DeliveryView,
  HeartbeatView,
  IncidentEntry,
  IncidentView,
  MaintenanceInput,
  MaintenanceView,
  NoticeView,
  PingView,
  SilenceInput,
  SilenceView,
} from "@belfry/contract";
import type { Page } from "./client.ts";
import type { Reply } from "./failure.ts";
import { queryOf } from "./query.ts";
import type { Requester } from "./request.ts";

const api = "/api/v1";

/** Which incidents to list; without anything, all of them, the newest first. */
export interface IncidentFilter {
  /** Id of a monitor. */
  readonly monitor?: string;
  readonly open?: boolean;
  /** Epoch ms. */
  readonly from?: number;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A list that comes whole. */
export interface Whole<T> {
  readonly items: readonly T[];
}

/** Makes the calls of incidents and of what was told about them. */
export function incidentCalls(ask: Requester["ask"]) {
  const change = (id: string, what: string, body?: unknown): Promise<Reply<IncidentView>> =>
    ask("POST", `${api}/incidents/${id}/${what}`, body === undefined ? {} : { body });
  return {
    incidents: ({ from, ...filter }: IncidentFilter): Promise<Reply<Page<IncidentView>>> =>
      ask(
        "GET",
        `${api}/incidents?${queryOf({
          ...filter,
          from: from === undefined ? undefined : new Date(from).toISOString(),
        })}`,
      ),
    incident: (id: string): Promise<Reply<IncidentView>> => ask("GET", `${api}/incidents/${id}`),
    timeline: (id: string): Promise<Reply<Whole<IncidentEntry>>> =>
      ask("GET", `${api}/incidents/${id}/timeline`),
    acknowledge: (id: string): Promise<Reply<IncidentView>> => change(id, "acknowledge"),
    /** Nobody is told of it for so many seconds. */
    snooze: (id: string, seconds: number): Promise<Reply<IncidentView>> =>
      change(id, "snooze", { seconds }),
    resolve: (id: string): Promise<Reply<IncidentView>> => change(id, "resolve"),
    comment: (id: string, text: string): Promise<Reply<IncidentView>> =>
      change(id, "comments", { text }),
    /** What was told of an incident, or by a channel; the newest first. */
    notices: (query: {
      readonly incident?: string;
      readonly channel?: string;
      readonly limit: number;
      readonly cursor?: string | undefined;
    }): Promise<Reply<Page<NoticeView>>> => ask("GET", `${api}/notices?${queryOf(query)}`),
    deliveries: (notice: string): Promise<Reply<Whole<DeliveryView>>> =>
      ask("GET", `${api}/notices/${notice}/deliveries`),
  } as const;
}

/** Makes the calls of monitors that wait to be called. */
export function heartbeatCalls(ask: Requester["ask"]) {
  return {
    /** When it is expected, and how it is called. */
    heartbeat: (id: string): Promise<Reply<HeartbeatView>> => ask("GET", `${api}/heartbeats/${id}`),
    /** A page of its calls, the newest first. */
    pings: (
      id: string,
      page: { readonly limit: number; readonly cursor?: string | undefined },
    ): Promise<Reply<Page<PingView>>> =>
      ask("GET", `${api}/heartbeats/${id}/pings?${queryOf(page)}`),
  } as const;
}

/** Makes the calls of what people set: silences and maintenance windows, and which channels there are. */
export function alertSettingCalls(ask: Requester["ask"]) {
  return {
    channels: (): Promise<Reply<Whole<ChannelView>>> => ask("GET", `${api}/channels?limit=500`),
    silences: (): Promise<Reply<Whole<SilenceView>>> => ask("GET", `${api}/silences?limit=500`),
    saveSilence: (kept: Kept | null, input: SilenceInput): Promise<Reply<SilenceView>> =>
      save(ask, "silences", kept, input),
    /** Ends a silence now; it stays in the list. */
    expireSilence: (id: string): Promise<Reply<SilenceView>> =>
      ask("POST", `${api}/silences/${id}/expire`),
    maintenance: (): Promise<Reply<Whole<MaintenanceView>>> =>
      ask("GET", `${api}/maintenance?limit=500`),
    saveMaintenance: (
      kept: Kept | null,
      input: MaintenanceInput,
    ): Promise<Reply<MaintenanceView>> => save(ask, "maintenance", kept, input),
    deleteMaintenance: (id: string): Promise<Reply<undefined>> => remove(ask, "maintenance", id),
  } as const;
}

/** What is kept already, and the version that is to be changed. */
export interface Kept {
  readonly id: string;
  readonly version: number;
}

function save<T>(
  ask: Requester["ask"],
  resource: string,
  kept: Kept | null,
  body: unknown,
): Promise<Reply<T>> {
  return kept === null
    ? ask("POST", `${api}/${resource}`, { body })
    : ask("PUT", `${api}/${resource}/${kept.id}`, { body, ifMatch: kept.version });
}

function remove(ask: Requester["ask"], resource: string, id: string): Promise<Reply<undefined>> {
  return ask("DELETE", `${api}/${resource}/${id}`);
}
