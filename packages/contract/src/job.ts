/** Wire shapes of `/api/v1/jobs`. */
import { Type, type Static } from "typebox";
import { runStates } from "./job-event.ts";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { RunSchema } from "./run.ts";

const timezone = Type.String({
  default: "UTC",
  maxLength: 64,
  description: "IANA name, such as Europe/Vienna",
});
const grace = Type.Integer({
  minimum: 0,
  maximum: 2_592_000,
  default: 300,
  description: "Seconds a run may begin after its time before the job is late",
});

/**
 * What of a job rings. `failed`: its last run that ended did; `lost`: it fell silent; `late`: no run began in time;
 * `never_started`: nor by the time after that; `slow`: a run took, or takes, longer than the limit.
 */
export const jobRings = ["failed", "lost", "late", "never_started", "slow"] as const;
export type JobRing = (typeof jobRings)[number];

const rings = Type.Union(
  [Type.Array(Type.Enum([...jobRings]), { uniqueItems: true }), Type.Null()],
  {
    description:
      "What of it rings; null: everything, and of subjobs `late` and `never_started`; an empty list: nothing",
  },
);

/** When runs of a job are expected to begin. */
export const JobScheduleSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal("cron"),
      cron: Type.String({ minLength: 1, maxLength: 200, description: "Five or six fields" }),
      timezone,
      grace_seconds: grace,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("interval"),
      interval_seconds: Type.Integer({
        minimum: 1,
        maximum: 31_622_400,
        description: "From the beginning of one run to that of the next",
      }),
      grace_seconds: grace,
    },
    { additionalProperties: false },
  ),
]);
export type JobSchedule = Static<typeof JobScheduleSchema>;

/** What people set of a job. */
export const JobChangeSchema = Type.Object(
  {
    schedule: Type.Optional(
      Type.Union([JobScheduleSchema, Type.Null()], {
        description: "null: runs are not expected at any time",
      }),
    ),
    slow_after_seconds: Type.Optional(
      Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 31_622_400 }), Type.Null()], {
        description: "A run is slow after this time; null: what was learned decides",
      }),
    ),
    alert_on: Type.Optional(rings),
  },
  { additionalProperties: false },
);
export type JobChange = Static<typeof JobChangeSchema>;

/** What may be wrong with a job; several may hold at once. */
export const jobTroubles = ["failed", "lost", "late", "slow"] as const;
export type JobTrouble = (typeof jobTroubles)[number];

const secondsOrNull = Type.Union([Type.Number(), Type.Null()]);

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
  troubles: Type.Array(Type.Enum([...jobTroubles]), {
    description:
      "`failed`, `lost`: the last run was; `late`: no run began in time; `slow`: the last run took, or takes, too long",
  }),
  schedule: Type.Union([JobScheduleSchema, Type.Null()]),
  next_expected_at: Type.Union([TimeSchema, Type.Null()], {
    description: "Always ahead; a late job has missed one before it",
  }),
  expected_times: Type.Array(TimeSchema, { description: "The next three, the first one first" }),
  late_since: Type.Union([TimeSchema, Type.Null()], {
    description: "The first expected time that no run answered; null unless the job is late",
  }),
  durations: Type.Union(
    [
      Type.Object({
        runs: Type.Integer({ description: "Succeeded runs they were learned from" }),
        typical_seconds: Type.Number({ description: "Half of them took at most this long" }),
        p95_seconds: Type.Number({
          description: "95 in 100 took at most this long; of few, all but the longest",
        }),
      }),
      Type.Null(),
    ],
    { description: "null until enough runs succeeded" },
  ),
  slow_after_seconds: secondsOrNull,
  slow_limit_seconds: Type.Union([Type.Number(), Type.Null()], {
    description: "Where a run counts as slow: what was set, else what was learned",
  }),
  alert_on: rings,
  version: Type.Integer({ description: "For `If-Match`" }),
  recent: Type.Array(Type.Enum([...runStates]), {
    description: "Statuses of the last runs, the newest first",
  }),
  counts: Type.Object(
    {
      running: Type.Integer(),
      succeeded: Type.Integer(),
      failed: Type.Integer(),
      canceled: Type.Integer(),
      lost: Type.Integer(),
    },
    { description: "How often each status is in `recent`" },
  ),
});
export type JobView = Static<typeof JobSchema>;
