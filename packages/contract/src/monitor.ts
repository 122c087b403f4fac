/** Wire shapes of `/api/v1/monitors` and what belongs to a monitor: its outcomes, history, uptime and summary. */
import { Type, type Static } from "typebox";
import { LocationNameSchema } from "./location-name.ts";
import { reasons } from "./reason.ts";
import { statuses } from "./status.ts";

/** Text without control characters (U+0000 in particular cannot be kept by PostgreSQL). */
const plainText = "^[^\\u0000-\\u001f\\u007f]*$";

/** Id of a resource: a UUIDv7 in lower case. */
export const IdSchema = Type.String({
  pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
  expected: "a UUID in lower case",
});

/** A time: RFC 3339, UTC. */
export const TimeSchema = Type.String({ format: "date-time" });

/** Labels of a resource: at most 32, names as in Prometheus. */
export const LabelsSchema = Type.Record(
  Type.String(),
  Type.String({ maxLength: 200, pattern: plainText, expected: "text of at most 200 characters" }),
  {
    maxProperties: 32,
    propertyNames: Type.String({ pattern: "^[a-zA-Z_][a-zA-Z0-9_]{0,62}$" }),
    description: "Free names and values to filter, group and route by",
  },
);

/** Name of a monitor: 1–100 characters, trimmed before it is checked. */
export const NameSchema = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: plainText,
  expected: "text of 1 to 100 characters without control characters",
});

/** How outcomes become a status. */
export const JudgingSchema = Type.Object(
  {
    down_after: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 2,
      description: "Failures in a row before the monitor is down",
    }),
    up_after: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 1,
      description: "Successes in a row before the monitor is up again",
    }),
    retry_interval: Type.Union([Type.Number({ minimum: 1, maximum: 86_400 }), Type.Null()], {
      default: null,
      description: "Seconds to the next check after a first failure; null: min(interval, 5)",
    }),
    degraded_response_time: Type.Union(
      [Type.Number({ exclusiveMinimum: 0, maximum: 600 }), Type.Null()],
      { default: null, description: "Seconds; a slower success is `degraded`; null: never" },
    ),
    degraded_certificate_days: Type.Union(
      [Type.Number({ minimum: 0, maximum: 3650 }), Type.Null()],
      {
        default: 14,
        description: "A certificate with fewer days left is `degraded`; null: never",
      },
    ),
  },
  { additionalProperties: false },
);

const monitorWritable = {
  name: NameSchema,
  enabled: Type.Boolean({ default: true, description: "false: paused" }),
  interval: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 60,
    description: "Seconds from one check to the next",
  }),
  timeout: Type.Number({
    minimum: 0.1,
    maximum: 600,
    default: 10,
    description: "Seconds within which a check ends; may exceed the interval",
  }),
  labels: Type.Optional(LabelsSchema),
  depends_on: Type.Optional(
    Type.Array(IdSchema, {
      maxItems: 32,
      description: "Monitors without which this one cannot be up",
    }),
  ),
  judging: Type.Optional(Type.Partial(JudgingSchema, { additionalProperties: false })),
  locations: Type.Optional(
    Type.Array(LocationNameSchema, {
      maxItems: 16,
      uniqueItems: true,
      description:
        "Where it is checked from: `local` is the hub, other names are those of its workers elsewhere; none: the hub alone",
    }),
  ),
  quorum: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 16 }), Type.Null()], {
      description:
        "It is down when at least so many of its locations say so; null: more than half of them. Without locations it counts for nothing",
    }),
  ),
};

/**
 * Body of `POST /api/v1/monitors` and `PUT /api/v1/monitors/{id}`. Either `url` (kind `http` is implied) or `kind`
 * and `settings`; `expected_status` is short for the http setting `accepted_status`.
 */
export const MonitorInputSchema = Type.Object(
  {
    ...monitorWritable,
    kind: Type.Optional(Type.String({ maxLength: 32 })),
    url: Type.Optional(Type.String({ maxLength: 4096 })),
    expected_status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    settings: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);
export type MonitorInput = Static<typeof MonitorInputSchema>;

/** The latest outcome of a monitor as pages show it. */
export const LastCheckSchema = Type.Object({
  checked_at: TimeSchema,
  result: Type.Union([Type.Literal("up"), Type.Literal("down"), Type.Literal("unknown")]),
  reason: Type.Union([Type.Enum([...reasons]), Type.Null()]),
  message: Type.Union([Type.String(), Type.Null()]),
  status_code: Type.Union([Type.Integer(), Type.Null()]),
  latency_ms: Type.Union([Type.Number(), Type.Null()]),
  location: Type.String(),
});

/** A monitor as it is read. */
export const MonitorSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  kind: Type.String(),
  url: Type.Union([Type.String(), Type.Null()]),
  expected_status: Type.Union([Type.Integer(), Type.Null()]),
  enabled: Type.Boolean(),
  interval: Type.Number(),
  timeout: Type.Number(),
  settings: Type.Record(Type.String(), Type.Unknown()),
  labels: LabelsSchema,
  depends_on: Type.Array(IdSchema),
  judging: JudgingSchema,
  locations: Type.Array(Type.String(), {
    description:
      "Where it is checked from; none: the hub alone. See `/api/v1/monitors/{id}/locations`",
  }),
  quorum: Type.Union([Type.Integer(), Type.Null()]),
  target: Type.String({ description: "What is checked, in one line: a URL, host:port, a name" }),
  status: Type.Enum([...statuses]),
  status_since: TimeSchema,
  flapping: Type.Boolean(),
  last_check: Type.Union([LastCheckSchema, Type.Null()]),
  heartbeat: Type.Optional(
    Type.Object(
      {
        last_ping_at: Type.Union([TimeSchema, Type.Null()]),
        running_since: Type.Union([TimeSchema, Type.Null()]),
        late_at: Type.Union([TimeSchema, Type.Null()], {
          description: "From then on it is late, unless it is called; null: it is not waited for",
        }),
      },
      {
        description: "Only of monitors that wait to be called; `/api/v1/heartbeats/{id}` has more",
      },
    ),
  ),
  version: Type.Integer({ description: "Send as If-Match to change exactly this version" }),
  created_at: TimeSchema,
  updated_at: TimeSchema,
});
export type MonitorView = Static<typeof MonitorSchema>;

/** One row of `GET /api/v1/monitors/{id}/history`, newest first. */
export const HistoryRowSchema = Type.Object({
  timestamp: TimeSchema,
  status: Type.Enum(["UP", "DOWN", "TIMEOUT", "ERROR", "UNKNOWN"]),
  status_code: Type.Union([Type.Integer(), Type.Null()]),
  latency_ms: Type.Union([Type.Number(), Type.Null()]),
  error_message: Type.Union([Type.String(), Type.Null()]),
  reason: Type.Union([Type.Enum([...reasons]), Type.Null()]),
  location: Type.String(),
});
export type HistoryRow = Static<typeof HistoryRowSchema>;

/** `GET /api/v1/monitors/{id}/uptime`. Ratios are of the time that counts (up and down); null when none did. */
export const UptimeSchema = Type.Object({
  from: TimeSchema,
  to: TimeSchema,
  ratio: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
  up_seconds: Type.Number(),
  down_seconds: Type.Number(),
  uncounted_seconds: Type.Number({ description: "unknown, paused, pending and maintenance time" }),
  intervals: Type.Array(
    Type.Object({
      status: Type.Enum([...statuses]),
      reason: Type.Union([Type.Enum([...reasons]), Type.Null()]),
      from: TimeSchema,
      to: Type.Union([TimeSchema, Type.Null()]),
    }),
  ),
});
export type UptimeView = Static<typeof UptimeSchema>;

/**
 * One item of `GET /api/v1/monitors/summary?ids=…&hours=24`: what a row of the overview draws. `bar` and `latency_ms`
 * have the same number of equal slots, oldest first.
 */
export const MonitorSummarySchema = Type.Object({
  id: IdSchema,
  from: TimeSchema,
  slot_seconds: Type.Number(),
  bar: Type.Array(Type.Union([Type.Enum([...statuses]), Type.Null()]), {
    description:
      "`down` or `degraded` where there was any such moment in the slot, else the status that held longest; null: nothing known",
  }),
  latency_ms: Type.Array(Type.Union([Type.Number(), Type.Null()])),
  uptime_ratio: Type.Union([Type.Number(), Type.Null()]),
});
export type MonitorSummary = Static<typeof MonitorSummarySchema>;
