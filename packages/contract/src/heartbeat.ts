/** Wire shapes of heartbeats: monitors that wait to be called. */
import { Type, type Static } from "typebox";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { TimezoneSchema } from "./time-window.ts";

/** What a call says. `log` changes nothing. */
export const pingKinds = ["success", "start", "fail", "log"] as const;
export type PingKind = (typeof pingKinds)[number];

/** When a heartbeat is expected to be called. */
export const HeartbeatScheduleSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("period"),
        seconds: Type.Integer({
          minimum: 10,
          maximum: 31_622_400,
          title: "Period",
          description: "Seconds from one call to the next",
        }),
      },
      { additionalProperties: false, title: "Every so often" },
    ),
    Type.Object(
      {
        kind: Type.Literal("cron"),
        expression: Type.String({
          minLength: 1,
          maxLength: 200,
          title: "Cron expression",
          description: "Five or six fields, or `@daily` and the like",
        }),
        timezone: TimezoneSchema,
      },
      { additionalProperties: false, title: "As cron says" },
    ),
    Type.Object(
      {
        kind: Type.Literal("calendar"),
        expression: Type.String({
          minLength: 1,
          maxLength: 200,
          title: "Calendar event",
          description: "As systemd's `OnCalendar`: `Mon..Fri 02:00`, `*-*~01 23:30`, `weekly`",
        }),
        timezone: TimezoneSchema,
      },
      { additionalProperties: false, title: "As a systemd timer says" },
    ),
  ],
  {
    default: { kind: "period", seconds: 86_400 },
    title: "Expected",
    description: "When it is called if all is well",
  },
);
export type HeartbeatSchedule = Static<typeof HeartbeatScheduleSchema>;

const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const secondsOrNull = Type.Union([Type.Number(), Type.Null()]);

/** A time as a schedule has it: in UTC, and on the clocks of the schedule's zone with their offset from UTC. */
export const ExpectedTimeSchema = Type.Object({
  at: TimeSchema,
  local: Type.String({ description: "`2026-03-29T03:30:00+02:00`, in the zone of the schedule" }),
});

/** What is known of a heartbeat, beside its monitor. */
export const HeartbeatSchema = Type.Object({
  id: IdSchema,
  ping_url: Type.Union([Type.String(), Type.Null()], {
    description: "To be called; null for those who may only read",
  }),
  push_url: Type.Union([Type.String(), Type.Null()], {
    description: "The same, as Uptime Kuma has it",
  }),
  slug: Type.String({ description: "For `/ping/{key}/{slug}`" }),
  schedule: HeartbeatScheduleSchema,
  grace_seconds: Type.Integer(),
  max_run_seconds: Type.Union([Type.Integer(), Type.Null()]),
  timezone: Type.String({ description: "Of the schedule; UTC for a period" }),
  expected: Type.Array(ExpectedTimeSchema, { description: "The next three, the first one first" }),
  due_at: Type.Union([TimeSchema, Type.Null()], {
    description: "The first expected time that no call has answered; null: it never comes",
  }),
  late_at: Type.Union([TimeSchema, Type.Null()], {
    description: "From then on it is late, unless it is called",
  }),
  hint: Type.Union(
    [
      Type.Object({
        kind: Type.Enum(["timezone", "interval", "shift"]),
        text: Type.String({ description: "One sentence" }),
        timezone: Type.Union([Type.String(), Type.Null()], {
          description: "By whose clocks the job seems to run; null: it is not that",
        }),
      }),
      Type.Null(),
    ],
    { description: "The calls that come fit another schedule; null: they do not, or too few came" },
  ),
  running_since: timeOrNull,
  pings: Type.Integer({ description: "Calls so far" }),
  last_ping_at: timeOrNull,
  last_success_at: timeOrNull,
  last_start_at: timeOrNull,
  last_fail_at: timeOrNull,
  last_duration_seconds: secondsOrNull,
});
export type HeartbeatView = Static<typeof HeartbeatSchema>;

/** One call. */
export const PingSchema = Type.Object({
  n: Type.Integer({ description: "Counts up from 1 for each monitor" }),
  at: TimeSchema,
  kind: Type.Enum([...pingKinds]),
  exit_code: Type.Union([Type.Integer(), Type.Null()]),
  rid: Type.Union([Type.String(), Type.Null()], { description: "Of the run, as its client says" }),
  duration_seconds: Type.Union([Type.Number(), Type.Null()], {
    description: "From the start of the run to this call",
  }),
  method: Type.String(),
  source: Type.String({ description: "The address it came from" }),
  user_agent: Type.String(),
  body: Type.String({ description: "The first 10,000 bytes, as UTF-8" }),
  body_bytes: Type.Integer({ description: "As it was sent" }),
});
export type PingView = Static<typeof PingSchema>;
