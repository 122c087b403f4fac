/** Wire shapes of `/api/v1/runs` and `/api/v1/events`. */
import { Type, type Static } from "typebox";
import { jobEventKinds, runStates, runStatuses } from "./job-event.ts";
import { IdSchema, TimeSchema } from "./monitor.ts";

const textOrNull = Type.Union([Type.String(), Type.Null()]);
const numberOrNull = Type.Union([Type.Number(), Type.Null()]);
const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const idOrNull = Type.Union([IdSchema, Type.Null()]);
const statusOrNull = Type.Union([Type.Enum([...runStatuses]), Type.Null()]);
const traceOrNull = Type.Union([
  Type.Object({ trace_id: Type.String(), span_id: Type.String() }),
  Type.Null(),
]);

export const RunSchema = Type.Object({
  id: IdSchema,
  run_id: Type.String({ description: "As its client names it; unique within site and app" }),
  site: Type.String(),
  app: Type.String(),
  app_version: textOrNull,
  job_id: idOrNull,
  parent_id: idOrNull,
  type: textOrNull,
  business_key: textOrNull,
  sub_key: textOrNull,
  status: Type.Union([Type.Enum([...runStates]), Type.Null()], {
    description:
      "null: only its subruns were heard so far; `lost`: its heartbeats stopped, which a later word of it takes back",
  }),
  is_slow: Type.Boolean({ description: "It took, or takes, longer than its job's limit" }),
  started_at: timeOrNull,
  ended_at: timeOrNull,
  last_event_at: timeOrNull,
  duration_seconds: numberOrNull,
  progress: Type.Union([
    Type.Object({
      ratio: numberOrNull,
      current: numberOrNull,
      total: numberOrNull,
      message: textOrNull,
      at: TimeSchema,
    }),
    Type.Null(),
  ]),
  metrics: Type.Record(Type.String(), Type.Number()),
  error: Type.Union([
    Type.Object({ message: textOrNull, type: textOrNull, stack: textOrNull }),
    Type.Null(),
  ]),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  trace: traceOrNull,
  events: Type.Integer({ description: "Events that were counted" }),
  events_dropped: Type.Integer({ description: "The oldest of them, which are no longer kept" }),
  received_at: TimeSchema,
  updated_at: TimeSchema,
});
export type RunView = Static<typeof RunSchema>;

export const RunTreeSchema = Type.Object({
  ...RunSchema.properties,
  subruns: Type.Array(RunSchema, {
    description: "All runs below it, level by level; `parent_id` says where each belongs",
  }),
  subruns_truncated: Type.Boolean({ description: "There are more, or deeper ones" }),
});
export type RunTreeView = Static<typeof RunTreeSchema>;

export const KeptEventSchema = Type.Object({
  idempotency_key: Type.String(),
  kind: Type.Enum([...jobEventKinds]),
  at: TimeSchema,
  received_at: TimeSchema,
  status: statusOrNull,
  metrics: Type.Record(Type.String(), Type.Number()),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  trace: traceOrNull,
});
export type KeptEventView = Static<typeof KeptEventSchema>;

/** What became of each event of a request, in their order. */
export const EventsAnswerSchema = Type.Object({
  taken: Type.Integer(),
  duplicates: Type.Integer(),
  refused: Type.Integer(),
  items: Type.Array(
    Type.Object({
      result: Type.Enum(["taken", "duplicate", "refused"]),
      path: Type.Optional(Type.String({ description: "Of what was refused: where" })),
      message: Type.Optional(Type.String({ description: "Of what was refused: why" })),
    }),
  ),
});
export type EventsAnswer = Static<typeof EventsAnswerSchema>;
