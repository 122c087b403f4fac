/**
 * `GET /api/v1/live?monitors=<id,id,…>&hosts=all|<id,id,…>&runs=all|<id,id,…>`: server-sent events, each with an increasing `id`. Events are gathered and
 * sent at most once a second each:
 * `counts`    how many monitors have each status; hosts are counted apart
 * `host_counts` how many hosts have each status
 * `hosts`     latest state and figures of the hosts named in `hosts` that were heard from or changed
 * `runs`      runs that changed, of those asked for in `runs`: ids of runs, of the runs above them, or of their jobs
 * `jobs`      ids of jobs made, changed or deleted, or whose runs changed; with any `runs`: fetch them anew
 * `checks`    latest state of the monitors named in `monitors`, and of any monitor whose status changed
 * `monitors`  ids of monitors or hosts created, changed or deleted by somebody: fetch them anew
 * `incidents` ids of incidents opened, changed or resolved: fetch them anew
 * `reset`     events were missed: fetch everything anew
 */
import { Type, type Static } from "typebox";
import type { HostView } from "./host.ts";
import { IdSchema, LastCheckSchema, TimeSchema } from "./monitor.ts";
import type { RunView } from "./run.ts";
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
  readonly host_counts: Readonly<Record<string, number>>;
  readonly hosts: readonly HostView[];
  readonly runs: readonly RunView[];
  readonly jobs: { readonly changed: readonly string[] };
  readonly checks: readonly LiveCheck[];
  readonly monitors: { readonly changed: readonly string[]; readonly deleted: readonly string[] };
  readonly incidents: { readonly changed: readonly string[] };
  readonly reset: Readonly<Record<string, never>>;
}
