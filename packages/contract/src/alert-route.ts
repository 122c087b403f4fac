/** Wire shapes of `/api/v1/alert-routes`, `/api/v1/silences` and `/api/v1/maintenance`. */
import { Type, type Static } from "typebox";
import { ManagedBySchema } from "./managed-by.ts";
import { MatchersSchema } from "./matcher.ts";
import { IdSchema, NameSchema, TimeSchema } from "./monitor.ts";
import { TimezoneSchema, WeeklyHoursSchema, WindowScheduleSchema } from "./time-window.ts";

const seconds = (minimum: number, fallback: number, description: string) =>
  Type.Integer({ minimum, maximum: 2_592_000, default: fallback, description });
const channelIds = Type.Array(IdSchema, { maxItems: 50 });

const route = {
  name: NameSchema,
  enabled: Type.Boolean({ default: true }),
  position: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description:
      "Routes are tried in this order, those of `belfry.yaml` before all others; the first that matches decides",
  }),
  continue: Type.Boolean({
    default: false,
    description: "Routes behind it are tried as well, where it matched",
  }),
  matchers: MatchersSchema,
  channels: channelIds,
  active: Type.Union(
    [
      Type.Object(
        {
          timezone: TimezoneSchema,
          hours: Type.Array(WeeklyHoursSchema, { minItems: 1, maxItems: 50 }),
        },
        { additionalProperties: false },
      ),
      Type.Null(),
    ],
    { default: null, description: "Hours in which it matches; null: always" },
  ),
  group_by: Type.Array(Type.String({ maxLength: 63 }), {
    maxItems: 10,
    default: [],
    description:
      "Labels; incidents that have them the same are told in one notice; none: each alone",
  }),
  group_wait_seconds: seconds(0, 0, "How long the first notice of a group waits for others"),
  send_resolved: Type.Boolean({ default: true }),
  most_per_hour: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: "Beyond so many notices an hour and channel, the rest is gathered into a digest",
  }),
  digest_seconds: Type.Union([Type.Integer({ minimum: 60, maximum: 604_800 }), Type.Null()], {
    default: null,
    description: "Nothing is sent at once: what happened is told together, so often; null: at once",
  }),
  remind_seconds: Type.Union([Type.Integer({ minimum: 60, maximum: 2_592_000 }), Type.Null()], {
    default: null,
    description: "Told again after this time while it lasts and nobody took it; null: never",
  }),
  escalation: Type.Array(
    Type.Object(
      {
        after_seconds: Type.Integer({ minimum: 60, maximum: 2_592_000 }),
        channels: channelIds,
      },
      { additionalProperties: false },
    ),
    { maxItems: 10, default: [], description: "Who is told next, until somebody acknowledges" },
  ),
};

export const AlertRouteInputSchema = Type.Object(route, { additionalProperties: false });
export type AlertRouteInput = Static<typeof AlertRouteInputSchema>;

const kept = {
  id: IdSchema,
  version: Type.Integer(),
  created_at: TimeSchema,
  updated_at: TimeSchema,
};

export const AlertRouteSchema = Type.Object({ ...kept, ...route, managed_by: ManagedBySchema });
export type AlertRouteView = Static<typeof AlertRouteSchema>;

const silence = {
  matchers: Type.Array(MatchersSchema.items, { minItems: 1, maxItems: 32 }),
  starts_at: TimeSchema,
  ends_at: TimeSchema,
  comment: Type.String({ maxLength: 2000, default: "" }),
};

export const SilenceInputSchema = Type.Object(
  { ...silence, starts_at: Type.Optional(TimeSchema) },
  { additionalProperties: false },
);
export type SilenceInput = Static<typeof SilenceInputSchema>;

export const SilenceSchema = Type.Object({
  ...kept,
  ...silence,
  created_by: Type.String(),
  state: Type.Enum(["pending", "active", "expired"]),
});
export type SilenceView = Static<typeof SilenceSchema>;

const maintenance = {
  name: NameSchema,
  enabled: Type.Boolean({ default: true }),
  matchers: MatchersSchema,
  monitors: Type.Array(IdSchema, {
    maxItems: 1000,
    default: [],
    description: "Besides what the matchers choose; with neither, everything",
  }),
  schedule: WindowScheduleSchema,
  description: Type.String({ maxLength: 2000, default: "" }),
};

export const MaintenanceInputSchema = Type.Object(maintenance, { additionalProperties: false });
export type MaintenanceInput = Static<typeof MaintenanceInputSchema>;

export const MaintenanceSchema = Type.Object({
  ...kept,
  ...maintenance,
  managed_by: ManagedBySchema,
  state: Type.Enum(["open", "scheduled", "over", "disabled"]),
  next_windows: Type.Array(Type.Object({ starts_at: TimeSchema, ends_at: TimeSchema }), {
    description: "The present one and the next, at most five",
  }),
});
export type MaintenanceView = Static<typeof MaintenanceSchema>;
