/**
 * One message about a run of a job, as it travels between SDK, sidecar, sinks and hub: the Monitoring Component's event
 * (its dialect A) with a few optional additions. Every other dialect is read into this form.
 */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

/**
 * What an event says. `started`, `finished`, `error` and `canceled` begin and end a run; `progress`, `metric`, `event`
 * (a line of its log) and `heartbeat` come in between.
 */
export const jobEventKinds = [
  "started",
  "progress",
  "metric",
  "event",
  "heartbeat",
  "finished",
  "error",
  "canceled",
] as const;
export type JobEventKind = (typeof jobEventKinds)[number];

/** The state of a run as its events say it. */
export const runStatuses = ["running", "succeeded", "failed", "canceled"] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The state of a run as it is shown: `lost` is Belfry's own word for one whose heartbeats stopped. */
export const runStates = [...runStatuses, "lost"] as const;
export type ShownRunStatus = (typeof runStates)[number];

const plainText = "^[^\\u0000]*$";
const text = (maxLength: number) => Type.String({ maxLength, pattern: plainText });
const optionalText = (maxLength: number) =>
  Type.Union([Type.String({ maxLength, pattern: plainText }), Type.Null()]);

export const JobEventSchema = Type.Object({
  /** The same event sent twice has the same key, and counts once. */
  idempotency_key: Type.String({ minLength: 1, maxLength: 200, pattern: plainText }),
  site_id: text(200),
  app: Type.Object({
    app_id: optionalText(200),
    name: text(200),
    version: optionalText(100),
  }),
  entity: Type.Object({
    /** `job`, `subjob`, or what a client calls it. */
    type: text(64),
    /** Id of the run. */
    id: Type.String({ minLength: 1, maxLength: 200, pattern: plainText }),
    /** Id of the run this one is part of. */
    parent_id: optionalText(200),
    /** Name of the job. */
    business_key: optionalText(400),
    sub_key: optionalText(400),
  }),
  event: Type.Object({
    kind: Type.Enum([...jobEventKinds]),
    at: TimeSchema,
    status: Type.Union([Type.Enum([...runStatuses]), Type.Null()]),
    /** `duration_s`, `cpu_user_s`, `cpu_system_s`, `mem_max_mb`, `progress_pct` and the job's own. */
    metrics: Type.Record(text(200), Type.Number()),
    metadata: Type.Record(text(200), Type.Unknown()),
  }),
  /** W3C trace context, in hexadecimal digits. */
  trace: Type.Optional(
    Type.Object({
      trace_id: Type.String({ pattern: "^[0-9a-f]{32}$" }),
      span_id: Type.String({ pattern: "^[0-9a-f]{16}$" }),
    }),
  ),
  /** When the sidecar or hub took it in. */
  received_at: Type.Optional(TimeSchema),
});
export type JobEvent = Static<typeof JobEventSchema>;
