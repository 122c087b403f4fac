/** Wire shapes of the drop-in surface of Amaunator: `/targets`, `/targets/{id}`, `/stats`. */
import { Type, type Static } from "typebox";

/** Answer of `POST /targets`. */
export const TargetSchema = Type.Object({
  name: Type.String(),
  interval: Type.Integer({ description: "Seconds" }),
  timeout: Type.Integer({ description: "Seconds" }),
  id: Type.String({ format: "uuid" }),
});
export type TargetView = Static<typeof TargetSchema>;

/** An item of `GET /targets`, the answer of `GET /targets/{id}`. */
export const TargetWithStatusSchema = Type.Object({
  ...TargetSchema.properties,
  status: Type.Object({
    last_check: Type.Union([Type.Number(), Type.Null()], { description: "Epoch seconds" }),
    last_value: Type.Union([Type.Integer(), Type.Null()], {
      description:
        "The value of a synthetic target, the response time in ms of a real one; -1: failed",
    }),
    check_count: Type.Integer(),
    error_count: Type.Integer(),
  }),
});
export type TargetWithStatusView = Static<typeof TargetWithStatusSchema>;

/** `GET /stats`. */
export const StatsSchema = Type.Object({
  active_targets: Type.Integer(),
  processed_messages: Type.Integer({ description: "Results handed to the outputs" }),
  uptime_seconds: Type.Number(),
  queue_size: Type.Integer({ description: "Results waiting for the outputs" }),
  total_errors: Type.Integer({ description: "Results the outputs failed to take" }),
});
export type StatsView = Static<typeof StatsSchema>;

/** Errors as FastAPI words them: one sentence, or a list for 422. */
export const FastApiErrorSchema = Type.Object({ detail: Type.String() });
export const FastApiInvalidSchema = Type.Object({
  detail: Type.Array(
    Type.Object({
      type: Type.String(),
      loc: Type.Array(Type.Union([Type.String(), Type.Integer()])),
      msg: Type.String(),
      input: Type.Optional(Type.Unknown()),
      ctx: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
});
export type FastApiInvalid = Static<typeof FastApiInvalidSchema>;
