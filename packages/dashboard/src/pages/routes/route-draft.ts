/** Between a route, the draft its form edits, and the body the API takes. */
import type { AlertRouteInput, AlertRouteView } from "@belfry/contract";
import { fieldOf, fieldsOf, initialOfAll, type Field } from "../../form/field.ts";
import { isRecord } from "../../form/path.ts";

const timeOfDay = (title: string) => ({ type: "string", maxLength: 5, title });

/** Hours in which a route matches, for a time zone to begin with. */
function activeSchema(timezone: string) {
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  return {
    type: "object",
    title: "Only in certain hours",
    description: "At other times it does not match, and the routes behind it are tried",
    advanced: true,
    required: ["timezone", "hours"],
    properties: {
      timezone: { type: "string", maxLength: 64, default: timezone, title: "Time zone" },
      hours: {
        type: "array",
        title: "Hours",
        description: "Times of day such as 08:30; ending before they begin, they end a day later",
        default: [{ days: days.slice(0, 5), from: "08:00", to: "18:00" }],
        items: {
          type: "object",
          title: "Hours",
          required: ["days", "from", "to"],
          properties: {
            days: {
              type: "array",
              uniqueItems: true,
              items: { enum: days },
              default: days.slice(0, 5),
              title: "Days",
            },
            from: { ...timeOfDay("From"), default: "08:00" },
            to: { ...timeOfDay("To"), default: "18:00" },
          },
        },
      },
    },
  };
}

const duration = (maximum: number) => ({ type: "integer", maximum, unit: "duration" });
const durationOrNever = (maximum: number) => ({ anyOf: [duration(maximum), { type: "null" }] });
const monthSeconds = 2_592_000;

/** The fields of a route, as the same sort of schema the kinds of checks have. Their bounds are those of the contract. */
function routeSchema(timezone: string) {
  return {
    type: "object",
    required: [
      "name",
      "matchers",
      "channels",
      "escalation",
      "remind_seconds",
      "continue",
      "enabled",
      "group_by",
      "group_wait_seconds",
      "digest_seconds",
      "most_per_hour",
      "send_resolved",
    ],
    properties: {
      name: { type: "string", maxLength: 100, title: "Name" },
      matchers: { type: "array", items: {} },
      channels: { type: "array", items: {} },
      escalation: { type: "array", items: {} },
      remind_seconds: {
        ...durationOrNever(monthSeconds),
        default: null,
        title: "Remind after",
        description: "Told again while it lasts and nobody took it. Empty: never",
        unit: "duration",
      },
      continue: {
        type: "boolean",
        default: false,
        title: "The routes behind it are tried as well",
        description: "Otherwise the first that matches decides alone",
      },
      enabled: { type: "boolean", default: true, title: "Switched on" },
      active: activeSchema(timezone),
      group_by: {
        type: "array",
        items: { type: "string", maxLength: 63 },
        default: [],
        title: "Told together by label",
        description: "Incidents with these labels the same are one notice. None: each alone",
        advanced: true,
      },
      group_wait_seconds: {
        ...duration(monthSeconds),
        default: 0,
        title: "A group waits",
        description: "For others, before it is told first",
        advanced: true,
      },
      digest_seconds: {
        ...durationOrNever(604_800),
        default: null,
        title: "Gather into a digest of",
        description: "What happened is told together, so often. Empty: at once",
        advanced: true,
        unit: "duration",
      },
      most_per_hour: {
        type: "integer",
        minimum: 1,
        maximum: 3600,
        default: 60,
        title: "At most",
        description: "The rest is gathered into a digest",
        unit: "notices an hour and channel",
        advanced: true,
      },
      send_resolved: {
        type: "boolean",
        default: true,
        title: "Tell when it is over",
        advanced: true,
      },
    },
  };
}

/** What the form is drawn of; channels, matchers and steps have parts of their own. */
export const routeFields: readonly Field[] = fieldsOf(
  routeSchema(Intl.DateTimeFormat().resolvedOptions().timeZone),
);

/** How long a step of an escalation waits. */
export const afterField: Field = fieldOf(
  { ...duration(monthSeconds), minimum: 60, title: "After" },
  "after_seconds",
  true,
);

/** The draft of a new route. */
export function newDraft(): unknown {
  return { ...initialOfAll(routeFields), name: "", matchers: [], channels: [], escalation: [] };
}

/** The draft of a route that is there. What may be left out is left out: hours, where it always matches. */
export function draftOf(route: AlertRouteView): unknown {
  const input: Partial<AlertRouteInput> = inputOf(route);
  if (input.active === null) delete input.active;
  return input;
}

/** The route without what is kept beside it. */
export function inputOf(route: AlertRouteView): AlertRouteInput {
  const { id: _id, version: _version, created_at: _made, updated_at: _changed, ...rest } = route;
  const { managed_by: _by, ...input } = rest;
  return input;
}

/** The body, at a place among the routes. Guarantees nothing: what the hub does not take comes back as problems. */
export function bodyOf(draft: unknown, position: number): AlertRouteInput {
  return { active: null, ...(isRecord(draft) ? draft : {}), position } as AlertRouteInput;
}
