/** The calls of alerting: incidents, notices, who would be told, heartbeats. */
import type {
  DeliveryView,
  HeartbeatView,
  IncidentEntry,
  IncidentView,
  NoticeView,
  PingView,
  Severity,
  WouldTell,
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
    /** Who would be told if it failed now; without a severity as bad as it would be. */
    wouldTell: (
      kind: "monitor" | "host" | "job",
      id: string,
      severity: Severity | null,
    ): Promise<Reply<WouldTell>> =>
      ask("GET", `${api}/would-tell?${queryOf({ [kind]: id, severity: severity ?? undefined })}`),
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
