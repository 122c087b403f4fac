/** Wire shapes of `/api/v1/outputs`: where the hub hands on what it learns, and how that goes. */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

const timeOrNull = Type.Union([TimeSchema, Type.Null()]);

export const OutputStatusSchema = Type.Object({
  name: Type.String(),
  type: Type.String({ description: "Kind of its sink: `file`, `webhook`, `elk` …" }),
  title: Type.String(),
  trouble: Type.Union(
    [
      Type.Object({
        failure: Type.Enum(["poison", "outage", "throttled", "misconfigured", "defect", "disk"]),
        why: Type.String(),
        since: TimeSchema,
      }),
      Type.Null(),
    ],
    { description: "null while it takes what it is given" },
  ),
  delivered: Type.Integer({ description: "Records it took since the start" }),
  failed: Type.Record(Type.String(), Type.Integer(), {
    description: "Attempts of single records that failed since the start, by class",
  }),
  waiting: Type.Integer({ description: "Records that wait for it on disk" }),
  waiting_bytes: Type.Integer(),
  oldest_waiting_seconds: Type.Number({ description: "Age of the oldest of them; 0 for none" }),
  dropped: Type.Integer({ description: "Records given up for the limit of the spool" }),
  dead_letters: Type.Integer({ description: "Records it refused for good, which are kept" }),
  oldest_dead_letter_at: timeOrNull,
});
export type OutputStatusView = Static<typeof OutputStatusSchema>;

export const SpoolStatusSchema = Type.Object({
  bytes: Type.Integer(),
  quota_bytes: Type.Integer(),
  records: Type.Integer(),
  failing: Type.Union([Type.String(), Type.Null()], {
    description: "Why nothing can be stored; null while it can",
  }),
});

export const OutputsSchema = Type.Object({
  items: Type.Array(OutputStatusSchema),
  spool: Type.Union([SpoolStatusSchema, Type.Null()], { description: "null without outputs" }),
});
export type OutputsView = Static<typeof OutputsSchema>;

export const DeadLetterSchema = Type.Object({
  sequence: Type.Integer({ description: "Names it within its output" }),
  id: Type.String(),
  why: Type.String(),
  attempts: Type.Integer(),
  at: TimeSchema,
  record: Type.Unknown({ description: "What was refused, as it was to be sent" }),
});
export type DeadLetterView = Static<typeof DeadLetterSchema>;

/** Which dead letters to send again or to delete. */
export const DeadLetterChoiceSchema = Type.Object(
  {
    sequences: Type.Union([
      Type.Literal("all"),
      Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 1000 }),
    ]),
  },
  { additionalProperties: false },
);
