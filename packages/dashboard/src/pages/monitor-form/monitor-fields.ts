/**
 * The fields every monitor has, as the same sort of schema the kinds have. Their bounds are those of the contract,
 * which is not bundled into the pages (it brings a whole validator); a test holds the two together.
 */

const seconds = { unit: "seconds" } as const;

/** When it is checked. */
export const timingSchema = {
  type: "object",
  required: ["interval", "timeout"],
  properties: {
    interval: {
      type: "number",
      minimum: 1,
      maximum: 86_400,
      default: 60,
      title: "Check every",
      description: "Counted from one check to the next",
      ...seconds,
    },
    timeout: {
      type: "number",
      minimum: 0.1,
      maximum: 600,
      default: 10,
      title: "Time limit",
      description: "A check ends within it; may exceed the interval",
      ...seconds,
    },
  },
} as const;

/** How outcomes become a status. */
export const judgingSchema = {
  type: "object",
  required: [
    "down_after",
    "up_after",
    "retry_interval",
    "degraded_response_time",
    "degraded_certificate_days",
  ],
  properties: {
    down_after: {
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 2,
      title: "Down after",
      description: "Failures in a row before it is down",
      unit: "failures",
    },
    up_after: {
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 1,
      title: "Up after",
      description: "Successes in a row before it is up again",
      unit: "successes",
    },
    retry_interval: {
      anyOf: [{ type: "number", minimum: 1, maximum: 86_400 }, { type: "null" }],
      default: null,
      title: "Retry after",
      description:
        "To the next check after a first failure. Empty: the interval, or 5 if that is less",
      ...seconds,
    },
    degraded_response_time: {
      anyOf: [{ type: "number", exclusiveMinimum: 0, maximum: 600 }, { type: "null" }],
      default: null,
      title: "Degraded when slower than",
      description: "Empty: however slow, it is up",
      ...seconds,
    },
    degraded_certificate_days: {
      anyOf: [{ type: "number", minimum: 0, maximum: 3650 }, { type: "null" }],
      default: 14,
      title: "Degraded when the certificate ends within",
      description: "Empty: never",
      unit: "days",
    },
  },
} as const;

/** Where it is checked from, and how many places must agree. */
export const placementSchema = {
  type: "object",
  properties: {
    locations: {
      type: "array",
      uniqueItems: true,
      maxItems: 16,
      items: {
        type: "string",
        minLength: 1,
        maxLength: 63,
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        title: "Location",
      },
      default: [],
      title: "Locations",
      description:
        "local is the hub; other names are those of workers elsewhere, which may come later. Empty: the hub alone",
    },
    quorum: {
      anyOf: [{ type: "integer", minimum: 1, maximum: 16 }, { type: "null" }],
      default: null,
      title: "Down from",
      description: "So many locations must agree that it is down. Empty: more than half of them",
      unit: "locations",
    },
  },
} as const;

/** Free names and values. */
export const labelsSchema = {
  type: "object",
  additionalProperties: { type: "string", maxLength: 200 },
  title: "Labels",
  description: "Free names and values to filter, group and route by: team, env …",
} as const;
