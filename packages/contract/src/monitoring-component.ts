/** Wire shapes of the Monitoring Component's surface. */
import { Type, type Static } from "typebox";

/** What became of one event; `repeated`: it was there already. */
export const ComponentItemSchema = Type.Object({
  index: Type.Integer({ description: "Its place in the body" }),
  status: Type.Enum(["taken", "repeated", "refused"]),
  idempotency_key: Type.Optional(Type.String({ description: "Under which it is known" })),
  errors: Type.Optional(
    Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
      description: "Why it was refused",
    }),
  ),
});
export type ComponentItem = Static<typeof ComponentItemSchema>;

export const ComponentTakenSchema = Type.Object({
  ok: Type.Literal(true),
  duration_s: Type.Number({ description: "How long it took to store, in seconds" }),
  ...Type.Partial(ComponentItemSchema).properties,
});
export type ComponentTaken = Static<typeof ComponentTakenSchema>;

export const ComponentBatchSchema = Type.Object({
  ok: Type.Literal(true),
  total: Type.Integer(),
  success: Type.Integer(),
  failed: Type.Integer(),
  duration_s: Type.Number({ description: "How long it took to store, in seconds" }),
  items: Type.Array(ComponentItemSchema, { description: "What became of each, in their order" }),
  refused: Type.Array(
    Type.Object({ index: Type.Integer(), path: Type.String(), message: Type.String() }),
    { description: "Which were refused, and why" },
  ),
});
export type ComponentBatch = Static<typeof ComponentBatchSchema>;

const textOrNull = Type.Union([Type.String(), Type.Null()]);
const numberOrNull = Type.Union([Type.Number(), Type.Null()]);

const itemFields = {
  app_id: textOrNull,
  app_name: Type.String(),
  app_version: textOrNull,
  site_id: Type.String(),
  status: textOrNull,
  started_at: textOrNull,
  ended_at: textOrNull,
  duration_s: numberOrNull,
  cpu_user_s: numberOrNull,
  cpu_system_s: numberOrNull,
  mem_max_mb: numberOrNull,
  metadata: Type.Record(Type.String(), Type.Unknown()),
  inserted_at: Type.String(),
};

export const ComponentJobSchema = Type.Object({
  job_id: Type.String(),
  job_key: textOrNull,
  ...itemFields,
});
export type ComponentJob = Static<typeof ComponentJobSchema>;

export const ComponentSubjobSchema = Type.Object({
  subjob_id: Type.String(),
  job_id: textOrNull,
  sub_key: textOrNull,
  ...itemFields,
});
export type ComponentSubjob = Static<typeof ComponentSubjobSchema>;

export const ComponentHealthSchema = Type.Object({
  status: Type.Enum(["ok", "degraded"]),
  service: Type.String(),
  version: Type.String(),
});
