/** `/api/v1/incidents/:id/…`: what people do about an incident, its time line, and what was told of it. */
import {
  DeliverySchema,
  IncidentCommentSchema,
  IncidentEntrySchema,
  IncidentSchema,
  IncidentSnoozeSchema,
  NoticeSchema,
  noticeStates,
  type DeliveryView,
  type NoticeView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import { parseId, type IncidentId } from "../model/id.ts";
import type { Delivery, KeptNotice } from "../model/notice.ts";
import { actorOf } from "./access/permission.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { readTimeline } from "./incidents-timeline.ts";
import { incidentView } from "./incidents-view.ts";
import { idParams } from "./monitors/monitors.ts";
import { timeText, timeTextOrNull } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute, type Answer } from "./route.ts";
import { invalidAt } from "./times.ts";

const one: Answer = { description: "The incident", schema: IncidentSchema };

/** Registers the routes. */
export function addIncidentActRoutes(app: FastifyInstance, parts: ApiParts): void {
  const { incidentDesk } = parts;
  const common = { permission: "write", tag: "incidents", params: idParams } as const;
  addRoute(app, {
    ...common,
    method: "POST",
    path: "/api/v1/incidents/:id/snooze",
    summary: "Tell nobody of an incident for a time",
    description: "Unless it is over before. Again: the later one holds.",
    body: IncidentSnoozeSchema,
    answers: { 200: one },
    errors: ["not_found"],
    handle: async ({ params, body, principal }) =>
      incidentView(
        found(await incidentDesk.snooze(idOf(params.id), body.seconds * 1000, actorOf(principal))),
      ),
  });
  addRoute(app, {
    ...common,
    method: "POST",
    path: "/api/v1/incidents/:id/resolve",
    summary: "Say that an incident is over",
    description: "What is still wrong opens another one only when it changes again.",
    answers: { 200: one },
    errors: ["not_found"],
    handle: async ({ params, principal }) =>
      incidentView(found(await incidentDesk.resolve(idOf(params.id), actorOf(principal)))),
  });
  addRoute(app, {
    ...common,
    method: "POST",
    path: "/api/v1/incidents/:id/comments",
    summary: "Write a comment on an incident",
    body: IncidentCommentSchema,
    answers: { 200: one },
    errors: ["not_found"],
    async handle({ params, body, principal }) {
      const id = idOf(params.id);
      found(await incidentDesk.comment(id, body.text, actorOf(principal)));
      return incidentView(found(await parts.store.incident(id)));
    },
  });
  addRoute(app, {
    ...common,
    permission: "read",
    method: "GET",
    path: "/api/v1/incidents/:id/timeline",
    summary: "What happened around an incident, oldest first",
    description: "From 30 minutes before it opened; at most 500 entries.",
    answers: {
      200: {
        description: "The time line",
        schema: Type.Object({ items: Type.Array(IncidentEntrySchema) }),
      },
    },
    errors: ["not_found"],
    async handle({ params }) {
      const incident = found(await parts.store.incident(idOf(params.id)));
      return { items: await readTimeline(incident, parts) };
    },
  });
}

const noticeQuery = Type.Object(
  {
    incident: Type.Optional(Type.String({ description: "Only those that tell of this incident" })),
    channel: Type.Optional(Type.String({ description: "Only those to this channel" })),
    state: Type.Optional(Type.Enum([...noticeStates])),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

/** Registers the routes of notices and the log of their deliveries. */
export function addNoticeRoutes(app: FastifyInstance, { store }: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/notices",
    permission: "read",
    tag: "incidents",
    summary: "What was told, or waits to be told, newest first",
    query: noticeQuery,
    answers: {
      200: {
        description: "A page of notices",
        schema: Type.Object({
          items: Type.Array(NoticeSchema),
          next_cursor: Type.Union([Type.String(), Type.Null()]),
        }),
      },
    },
    async handle({ query }) {
      const { incident, channel, state, cursor, limit } = query;
      const kept = await store.notices({
        ...(incident === undefined
          ? {}
          : { incidentId: queryId<"incident">(incident, "incident") }),
        ...(channel === undefined ? {} : { channelId: queryId<"channel">(channel, "channel") }),
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined
          ? {}
          : { cursor: queryId<"notice">(String(readCursor(cursor, 1)[0]), "cursor") }),
        limit: limit + 1,
      });
      const page = kept.slice(0, limit);
      const last = page.at(-1);
      const more = kept.length > page.length && last !== undefined;
      return {
        items: page.map(noticeView),
        next_cursor: more ? writeCursor([last.notice.id]) : null,
      };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/notices/:id/deliveries",
    permission: "read",
    tag: "incidents",
    summary: "Attempts to deliver a notice, newest first",
    description: "At most 200. Secrets are cut out of requests and answers.",
    params: idParams,
    answers: {
      200: {
        description: "The attempts",
        schema: Type.Object({ items: Type.Array(DeliverySchema) }),
      },
    },
    errors: ["not_found"],
    async handle({ params }) {
      const kept = await store.notice(found(parseId<"notice">(params.id)));
      return { items: (await store.deliveries(found(kept).notice.id, 200)).map(deliveryView) };
    },
  });
}

function noticeView({ notice, channelId, state, attempts, ...kept }: KeptNotice): NoticeView {
  return {
    id: notice.id,
    channel_id: channelId,
    incident_id: notice.incidents[0]?.id ?? null,
    kind: notice.kind,
    title: notice.title,
    state,
    attempts,
    created_at: timeText(kept.createdAt),
    next_attempt_at: timeTextOrNull(kept.nextAt),
    sent_at: timeTextOrNull(kept.sentAt),
    why: kept.why,
  };
}

function deliveryView(delivery: Delivery): DeliveryView {
  const { at, attempt, result, why, request, answer, durationMs } = delivery;
  return { at: timeText(at), attempt, result, why, request, answer, duration_ms: durationMs };
}

function queryId<K extends "incident" | "channel" | "notice">(
  text: string | undefined,
  path: string,
) {
  const id = parseId<K>(text);
  if (id === undefined) throw invalidAt(path, "expected an id");
  return id;
}

function idOf(text: string): IncidentId {
  return found(parseId<"incident">(text));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError("not_found", "There is nothing with this id");
  return value;
}
