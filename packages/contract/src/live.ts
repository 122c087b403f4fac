/**
 * `GET /api/v1/live?monitors=<id,id,…>`: server-sent events, each with an increasing `id`. Events are gathered and
 * sent at most once a second each:
 * `counts`    how many monitors have each status
 * `checks`    latest state of the monitors named in `monitors`, and of any monitor whose status changed
 * `monitors`  ids of monitors created, changed or deleted by somebody: fetch them anew
 * `incidents` ids of incidents opened, changed or resolved: fetch them anew
 * `reset`     events were missed: fetch everything anew
 */
import { Type, type Static } from "typebox";
import { IdSchema, LastCheckSchema, TimeSchema } from "./monitor.ts";
import { statuses } from "./status.ts";

export const LiveCountsSchema = Type.Record(Type.Enum([...statuses]), Type.Integer());

export const LiveCheckSchema = Type.Object({
  id: IdSchema,
  status: Type.Enum([...statuses]),
  status_since: TimeSchema,
  flapping: Type.Boolean(),
  last_check: Type.Union([LastCheckSchema, Type.Null()]),
});
export type LiveCheck = Static<typeof LiveCheckSchema>;

/** Event name → its data. */
export interface LiveEvents {
  readonly counts: Readonly<Record<string, number>>;
  readonly checks: readonly LiveCheck[];
  readonly monitors: { readonly changed: readonly string[]; readonly deleted: readonly string[] };
  readonly incidents: { readonly changed: readonly string[] };
  readonly reset: Readonly<Record<string, never>>;
}
