/** Wire shapes of `/api/v1/jobs`. */
import { Type, type Static } from "typebox";
import { runStatuses } from "./job-event.ts";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { RunSchema } from "./run.ts";

export const JobSchema = Type.Object({
  id: IdSchema,
  site: Type.String(),
  app: Type.String(),
  type: Type.String({ description: "`job`, `subjob`, or what the client calls it" }),
  name: Type.String({
    description:
      "Business key of its runs, else their sub key, else their type; of subjobs the sub key goes first",
  }),
  created_at: TimeSchema,
  last_run: Type.Union([RunSchema, Type.Null()]),
  recent: Type.Array(Type.Enum([...runStatuses]), {
    description: "Statuses of the last runs, the newest first",
  }),
  counts: Type.Object(
    {
      running: Type.Integer(),
      succeeded: Type.Integer(),
      failed: Type.Integer(),
      canceled: Type.Integer(),
    },
    { description: "How often each status is in `recent`" },
  ),
});
export type JobView = Static<typeof JobSchema>;
