/** Spans of the week and of the calendar, in a time zone. */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

export const TimezoneSchema = Type.String({
  default: "UTC",
  minLength: 1,
  maxLength: 64,
  description: "IANA name, such as Europe/Vienna",
});

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

const WeekdaysSchema = Type.Array(Type.Enum([...weekdays]), { minItems: 1, maxItems: 7 });

/** Time of day; 24:00 is the end of it. */
const TimeOfDaySchema = Type.String({
  pattern: "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
  expected: "a time of day such as 08:30",
});

/** Hours of certain days; when `to` is not after `from`, it ends on the day after. */
export const WeeklyHoursSchema = Type.Object(
  { days: WeekdaysSchema, from: TimeOfDaySchema, to: TimeOfDaySchema },
  { additionalProperties: false },
);
export type WeeklyHours = Static<typeof WeeklyHoursSchema>;

const duration = Type.Integer({
  minimum: 60,
  maximum: 31_622_400,
  description: "Seconds it lasts, by the clock that never jumps",
});

/** When a maintenance window is open. */
export const WindowScheduleSchema = Type.Union([
  Type.Object(
    { kind: Type.Literal("once"), starts_at: TimeSchema, ends_at: TimeSchema },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("daily"),
      at: TimeOfDaySchema,
      duration_seconds: duration,
      timezone: TimezoneSchema,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("weekly"),
      days: WeekdaysSchema,
      at: TimeOfDaySchema,
      duration_seconds: duration,
      timezone: TimezoneSchema,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("monthly"),
      days: Type.Array(
        Type.Union([Type.Integer({ minimum: 1, maximum: 31 }), Type.Literal("last")]),
        { minItems: 1, maxItems: 32, description: "Days that a month does not have are left out" },
      ),
      at: TimeOfDaySchema,
      duration_seconds: duration,
      timezone: TimezoneSchema,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("cron"),
      cron: Type.String({ minLength: 1, maxLength: 200 }),
      duration_seconds: duration,
      timezone: TimezoneSchema,
    },
    { additionalProperties: false },
  ),
]);
export type WindowSchedule = Static<typeof WindowScheduleSchema>;
