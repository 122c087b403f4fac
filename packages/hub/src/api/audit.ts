/** `/api/v1/audit`: what people, keys and commands did, newest first. */
import { AuditEntrySchema, type AuditEntryView } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { readCursor, writeCursor } from "./cursor.ts";
import type { AuditStore } from "./parts.ts";
import { addRoute } from "./route.ts";
import { invalidAt } from "./times.ts";
import { timeText } from "./monitors/view.ts";

const listQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

const listSchema = Type.Object({
  items: Type.Array(AuditEntrySchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

/** Registers the route. */
export function addAuditRoutes(app: FastifyInstance, store: AuditStore): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/audit",
    permission: "admin",
    tag: "access",
    summary: "What was done, newest first",
    query: listQuery,
    answers: { 200: { description: "A page of entries", schema: listSchema } },
    async handle({ query }) {
      const entries = await store.auditEntries({
        ...(query.cursor === undefined ? {} : { cursor: readSequence(query.cursor) }),
        limit: query.limit + 1,
      });
      const page = entries.slice(0, query.limit);
      const last = page.at(-1);
      const more = entries.length > page.length && last !== undefined;
      return {
        items: page.map((entry): AuditEntryView => ({
          at: timeText(entry.at),
          actor: entry.actor,
          action: entry.action,
          resource: entry.resource,
          resource_id: entry.resourceId,
          detail: entry.detail,
        })),
        next_cursor: more ? writeCursor([last.sequence]) : null,
      };
    },
  });
}

function readSequence(cursor: string): number {
  const [sequence] = readCursor(cursor, 1);
  if (typeof sequence === "number" && Number.isSafeInteger(sequence)) return sequence;
  throw invalidAt("cursor", "expected the next_cursor of a former page");
}
