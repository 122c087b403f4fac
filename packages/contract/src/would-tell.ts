/**
 * Wire shapes of `/api/v1/would-tell`: who would be told if something were in trouble. Found by taking a made-up incident
 * through the stages of alerting as time goes on; nothing is kept of it.
 */
import { Type, type Static } from "typebox";
import { noticeKinds } from "./channel.ts";
import { subjectKinds } from "./incident.ts";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { severities } from "./severity.ts";

/** The stages between an incident and its notices, in their order. */
export const alertStages = [
  "maintenance",
  "inhibition",
  "silence",
  "routing",
  "grouping",
  "throttle",
  "reminder",
  "escalation",
] as const;
export type AlertStage = (typeof alertStages)[number];

const channel = Type.Object({
  id: IdSchema,
  name: Type.String(),
  kind: Type.String(),
  enabled: Type.Boolean({ description: "false: switched off, it is told nothing" }),
  trouble: Type.Union(
    [Type.Object({ failure: Type.String(), why: Type.String(), since: TimeSchema }), Type.Null()],
    { description: "Why it takes nothing at present; null while it does" },
  ),
});

const route = {
  id: Type.Union([IdSchema, Type.Null()], {
    description: "null: no route is responsible, the default channels are told",
  }),
  name: Type.String(),
};

export const WouldTellSchema = Type.Object({
  subject: Type.Object({
    kind: Type.Enum([...subjectKinds]),
    id: Type.String(),
    name: Type.String(),
  }),
  severity: Type.Enum([...severities]),
  labels: Type.Record(Type.String(), Type.String(), { description: "What matchers see" }),
  at: TimeSchema,
  /** What is told is followed up to then. */
  until: TimeSchema,
  suppressed_by: Type.Union(
    [Type.Enum(["maintenance", "inhibition", "silence", "snooze"]), Type.Null()],
    { description: "Why nobody is told at first; who is told once that ends is in `told`" },
  ),
  why: Type.Union([Type.String(), Type.Null()], {
    description: "The name of the window, the comment of the silence, the title of the incident",
  }),
  stages: Type.Array(
    Type.Object({
      stage: Type.Enum([...alertStages]),
      result: Type.Enum(["passed", "suppressed", "decided", "not_reached"], {
        description:
          "`passed`: it changed nothing; `suppressed`: nobody is told because of it; `decided`: it says who is told, or " +
          "when; `not_reached`: one before it suppressed",
      }),
      text: Type.String({ description: "One line" }),
      found: Type.Array(
        Type.Object({
          kind: Type.Enum(["maintenance", "incident", "silence", "alert_route"]),
          id: IdSchema,
          name: Type.String(),
        }),
        { description: "The settings and incidents that made it so" },
      ),
    }),
    { description: "What each stage did at first, in their order" },
  ),
  routes: Type.Array(Type.Object({ ...route, channels: Type.Array(channel) }), {
    description: "The routes that are responsible at first, in their order",
  }),
  told: Type.Array(
    Type.Object({
      at: TimeSchema,
      after_seconds: Type.Integer({ description: "Since the trouble began" }),
      kind: Type.Enum([...noticeKinds]),
      route: Type.Object(route),
      channel,
      every_seconds: Type.Union([Type.Integer(), Type.Null()], {
        description: "Of reminders: told again so often from then on; else null",
      }),
      why: Type.Union([Type.String(), Type.Null()], {
        description: "Why it is told then and not at once",
      }),
    }),
    { description: "Who is told what and when, while it lasts and nobody acknowledges it" },
  ),
  nobody: Type.Union([Type.String(), Type.Null()], {
    description: "Why nobody at all is told; null where somebody is",
  }),
});
export type WouldTell = Static<typeof WouldTellSchema>;
