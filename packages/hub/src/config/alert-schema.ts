/**
 * Routes, rules and maintenance windows as they are written in `belfry.yaml`: as the API has them, except that channels
 * are named, routes have their place in the list instead of a position, and windows choose by matchers alone, because
 * ids of monitors are not known before they are made.
 */
import {
  AlertRouteInputSchema,
  AlertRuleInputSchema,
  MaintenanceInputSchema,
  MatcherSchema,
  NameSchema,
} from "@belfry/contract";
import { Type } from "typebox";

const channelNames = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  maxItems: 50,
  description: "Names of channels: of this file, of the environment, or made by people",
});

const { position: _position, escalation, ...route } = AlertRouteInputSchema.properties;

/** A route. */
export const FileRouteSchema = Type.Object(
  {
    ...route,
    channels: channelNames,
    escalation: Type.Array(
      Type.Object(
        { ...escalation.items.properties, channels: channelNames },
        { additionalProperties: false },
      ),
      { maxItems: 10, default: [], description: "Who is told next, until somebody acknowledges" },
    ),
  },
  { additionalProperties: false },
);

const { monitors: _monitors, ...window } = MaintenanceInputSchema.properties;

/** A maintenance window. */
export const FileWindowSchema = Type.Object(window, { additionalProperties: false });

/** An own rule. */
const ownRule = Type.Object(
  {
    ...AlertRuleInputSchema.properties,
    matchers: Type.Optional(AlertRuleInputSchema.properties.matchers),
    labels: Type.Optional(AlertRuleInputSchema.properties.labels),
  },
  { additionalProperties: false },
);

const changes = {
  ...Type.Partial(AlertRuleInputSchema).properties,
  condition: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: "Fields of the condition that are to be others",
    }),
  ),
};

/** What is to be different of a built-in rule. */
const builtInRule = Type.Object(
  {
    id: Type.String({ description: "Of a built-in rule: filesystem_full" }),
    ...changes,
    overrides: Type.Optional(
      Type.Array(
        Type.Object(
          {
            ...changes,
            name: NameSchema,
            matchers: Type.Array(MatcherSchema, { minItems: 1, maxItems: 1 }),
          },
          { additionalProperties: false },
        ),
        {
          maxItems: 20,
          description:
            "Other limits for some: each is a rule that takes the place of this one for what its matcher chooses; the first that chooses it counts",
        },
      ),
    ),
  },
  { additionalProperties: false },
);

/** A rule: an own one, or what is different of a built-in one. */
export const FileRuleSchema = Type.Union([builtInRule, ownRule]);

/** Entries are checked one by one, by what says more than a schema could. */
const entries = Type.Record(Type.String(), Type.Unknown());

const asTheApi = "Made, changed and removed at the start; the API does not change them";

const routeList = {
  title: "Routes",
  default: [],
  maxItems: 100,
  description: `Who is told of what, in this order, before the routes made on their page. As the API has them, with names of channels. ${asTheApi}`,
  example: [
    {
      name: "core",
      matchers: [{ name: "team", value: "core" }],
      channels: ["ops"],
      remind_seconds: 3600,
    },
  ],
};
const ruleList = {
  title: "Rules",
  default: [],
  maxItems: 200,
  description: `Own rules, by their names; and built-in ones that are to be different or off, by their ids, with \`overrides\` for some of what they look at. ${asTheApi}`,
  example: [
    {
      id: "filesystem_full",
      overrides: [
        {
          name: "Space, on archives",
          matchers: [{ name: "role", value: "archive" }],
          enabled: false,
        },
      ],
    },
    {
      name: "Queue is long",
      condition: {
        kind: "threshold",
        metric: { name: "app_queue", matchers: [] },
        operator: ">",
        value: 100,
      },
    },
  ],
};
const windowList = {
  title: "Maintenance windows",
  default: [],
  maxItems: 100,
  description: `When things are expected to be down, by their names; chosen by matchers. ${asTheApi}`,
  example: [
    {
      name: "nightly backup",
      matchers: [{ name: "role", value: "db" }],
      schedule: { kind: "daily", at: "02:00", duration_seconds: 3600, timezone: "Europe/Vienna" },
    },
  ],
};

/** As they are read. */
export const alertLists = {
  alert_routes: Type.Array(entries, routeList),
  alert_rules: Type.Array(entries, ruleList),
  maintenance: Type.Array(entries, windowList),
};

/** As editors know them. */
export const alertListsForEditors = {
  alert_routes: Type.Array(FileRouteSchema, routeList),
  alert_rules: Type.Array(FileRuleSchema, ruleList),
  maintenance: Type.Array(FileWindowSchema, windowList),
};
