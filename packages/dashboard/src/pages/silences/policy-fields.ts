/**
 * The fields of silences and maintenance windows, as the same sort of schema the kinds of checks have. Their bounds are
 * those of the contract, which is not bundled into the pages (it brings a whole validator).
 */

const matchers = { type: "array", items: { type: "object", properties: {} } } as const;

/** What a silence is about, and until when. */
export const silenceSchema = {
  type: "object",
  required: ["matchers", "ends_at"],
  properties: {
    matchers,
    starts_at: {
      type: "string",
      format: "date-time",
      title: "From",
      description: "Empty: from now on",
    },
    ends_at: { type: "string", format: "date-time", title: "Until" },
    comment: { type: "string", maxLength: 2000, default: "", title: "Why" },
  },
} as const;

const duration = {
  type: "integer",
  minimum: 60,
  maximum: 31_622_400,
  default: 3600,
  title: "Lasts",
  unit: "duration",
} as const;
const at = {
  type: "string",
  default: "02:00",
  title: "Begins at",
  description: "Time of day, such as 08:30",
} as const;

/** When a window is open, for a time zone to begin with. */
function scheduleSchema(timezone: string) {
  const zone = {
    type: "string",
    maxLength: 64,
    default: timezone,
    title: "Time zone",
    description: "Its days and times are those of this zone",
  };
  const days = {
    type: "array",
    items: { enum: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
    uniqueItems: true,
    default: [],
    title: "Days",
  };
  const kind = (name: string, title: string, properties: Record<string, unknown>) => ({
    type: "object",
    title,
    required: ["kind", ...Object.keys(properties)],
    properties: { kind: { const: name }, ...properties },
  });
  return {
    title: "When",
    anyOf: [
      kind("once", "Once", {
        starts_at: { type: "string", format: "date-time", title: "From" },
        ends_at: { type: "string", format: "date-time", title: "Until" },
      }),
      kind("daily", "Every day", { at, duration_seconds: duration, timezone: zone }),
      kind("weekly", "Every week", { days, at, duration_seconds: duration, timezone: zone }),
      kind("monthly", "Every month", {
        days: {
          type: "array",
          items: {},
          default: [1],
          title: "Days of the month",
          description: "1 to 31, or `last`; those a month does not have are left out",
        },
        at,
        duration_seconds: duration,
        timezone: zone,
      }),
      kind("cron", "As cron says", {
        cron: {
          type: "string",
          maxLength: 200,
          default: "0 2 * * sun",
          title: "Cron",
          description: "When it opens: minute, hour, day of the month, month, day of the week",
        },
        duration_seconds: duration,
        timezone: zone,
      }),
    ],
  };
}

/** What a maintenance window is about, and when it is open. */
export function maintenanceSchema(timezone: string) {
  return {
    type: "object",
    required: ["name", "enabled", "matchers", "schedule"],
    properties: {
      name: { type: "string", maxLength: 100, title: "Name" },
      schedule: scheduleSchema(timezone),
      matchers,
      description: { type: "string", maxLength: 2000, default: "", title: "Description" },
      enabled: { type: "boolean", default: true, title: "Enabled" },
    },
  };
}
