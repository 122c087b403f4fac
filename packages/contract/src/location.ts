/** Wire shapes of monitors that are checked from several locations, and of what workers elsewhere say to their hub. */
import { Type, type Static } from "typebox";
import { IdSchema, JudgingSchema, LastCheckSchema, TimeSchema } from "./monitor.ts";
import { LocationNameSchema } from "./location-name.ts";
import { reasons } from "./reason.ts";

const reasonOrNull = Type.Union([Type.Enum([...reasons]), Type.Null()]);
const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const judged = Type.Enum(["pending", "up", "degraded", "down", "unknown"]);

/** One location of a monitor. */
export const MonitorLocationSchema = Type.Object({
  location: Type.String(),
  own: Type.Boolean({ description: "The hub's own location: its own processes check" }),
  workers: Type.Integer({
    description:
      "Workers at this location that were heard within 15 s; of the own location always 0",
  }),
  status: Type.Union([judged, Type.Literal("away")], {
    description: "`away`: nothing was heard of it for two intervals and more; it has no vote",
  }),
  status_since: timeOrNull,
  votes: Type.Boolean({ description: "Whether it has a vote at present" }),
  last_check: Type.Union([LastCheckSchema, Type.Null()]),
  intervals: Type.Array(
    Type.Object({ status: judged, reason: reasonOrNull, from: TimeSchema, to: timeOrNull }),
  ),
});
export type MonitorLocationView = Static<typeof MonitorLocationSchema>;

/** `GET /api/v1/monitors/{id}/locations`. */
export const MonitorLocationsSchema = Type.Object({
  quorum: Type.Integer({ description: "Locations that must agree that it is down" }),
  voting: Type.Integer({ description: "Locations that have a vote at present" }),
  items: Type.Array(MonitorLocationSchema),
});
export type MonitorLocationsView = Static<typeof MonitorLocationsSchema>;

/** Who a worker is. */
export const WorkerHelloSchema = Type.Object(
  {
    id: IdSchema,
    name: Type.String({ minLength: 1, maxLength: 200 }),
    location: LocationNameSchema,
    version: Type.String({ maxLength: 100 }),
  },
  { additionalProperties: false },
);
export type WorkerHello = Static<typeof WorkerHelloSchema>;

/** What a worker is told of the hub. */
export const WorkerWelcomeSchema = Type.Object({
  now: Type.Number({ description: "The hub's clock, epoch ms" }),
  version: Type.String(),
  poll_seconds: Type.Number({ description: "How often to ask for monitors" }),
});
export type WorkerWelcome = Static<typeof WorkerWelcomeSchema>;

/** A monitor as a worker needs it: with its secrets. */
export const WorkerMonitorSchema = Type.Object({
  id: IdSchema,
  version: Type.Integer(),
  name: Type.String(),
  kind: Type.String(),
  settings: Type.Record(Type.String(), Type.Unknown()),
  interval: Type.Number(),
  timeout: Type.Number(),
  judging: JudgingSchema,
});
export type WorkerMonitor = Static<typeof WorkerMonitorSchema>;

/** `GET /api/v1/worker/monitors`. */
export const WorkerMonitorsSchema = Type.Object({
  now: Type.Number({ description: "The hub's clock, epoch ms" }),
  known: Type.String({ description: "Names this answer: send it with the next request" }),
  monitors: Type.Union([Type.Array(WorkerMonitorSchema), Type.Null()], {
    description: "What to check; null: the same as was answered before",
  }),
});
export type WorkerMonitors = Static<typeof WorkerMonitorsSchema>;

const milliseconds = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const text = Type.String({ maxLength: 8_192 });
const found = {
  duration_ms: milliseconds,
  measurements: Type.Record(Type.String({ maxLength: 500 }), Type.Number()),
  status_code: Type.Union([Type.Integer(), Type.Null()]),
  certificate: Type.Optional(
    Type.Object(
      { fingerprint: text, name: text, expires_at: Type.Number() },
      { additionalProperties: false },
    ),
  ),
};

/** What a check found. Times are epoch ms by the hub's clock. */
export const WorkerOutcomeSchema = Type.Object(
  {
    monitor: IdSchema,
    version: Type.Integer({ minimum: 1 }),
    slot: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    started_at: milliseconds,
    ended_at: milliseconds,
    found: Type.Union([
      Type.Object(
        {
          ...found,
          result: Type.Literal("up"),
          certificate_days: Type.Union([Type.Number(), Type.Null()]),
        },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          ...found,
          result: Type.Literal("down"),
          reason: Type.Enum([...reasons]),
          message: text,
          evidence: Type.Record(Type.String(), Type.Unknown()),
        },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          result: Type.Literal("unknown"),
          reason: Type.Enum([...reasons]),
          message: text,
          duration_ms: milliseconds,
        },
        { additionalProperties: false },
      ),
    ]),
  },
  { additionalProperties: false },
);
export type WorkerOutcome = Static<typeof WorkerOutcomeSchema>;

/** Outcomes a worker may send at once. */
export const mostWorkerOutcomes = 500;

export const WorkerOutcomesSchema = Type.Object(
  {
    id: IdSchema,
    outcomes: Type.Array(WorkerOutcomeSchema, { minItems: 1, maxItems: mostWorkerOutcomes }),
  },
  { additionalProperties: false },
);
export type WorkerOutcomes = Static<typeof WorkerOutcomesSchema>;

/** What became of a batch; all of it is durable. */
export const WorkerReceiptSchema = Type.Object({
  now: Type.Number({ description: "The hub's clock, epoch ms" }),
  taken: Type.Integer(),
  duplicates: Type.Integer({ description: "Their slot was told of before" }),
  refused: Type.Integer({
    description: "Their monitor is gone or not checked there any more, or their time lies ahead",
  }),
});
export type WorkerReceipt = Static<typeof WorkerReceiptSchema>;

/** One item of `GET /api/v1/workers`. */
export const WorkerSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  location: Type.String(),
  version: Type.String(),
  alive: Type.Boolean({ description: "It was heard within 15 s" }),
  joined_at: TimeSchema,
  seen_at: TimeSchema,
  monitors: Type.Integer({ description: "Monitors it is given to check at present" }),
  waiting: Type.Integer({ description: "Outcomes that wait on its disk" }),
  dropped: Type.Integer({ description: "Outcomes it had no room for, since it was started" }),
  clock_offset_seconds: Type.Number({ description: "Its clock less the hub's" }),
});
export type WorkerView = Static<typeof WorkerSchema>;
