/** Wire shapes of `/api/v1/incidents`: one span in which something was wrong, however many feel it. */
import { Type, type Static } from "typebox";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { reasons } from "./reason.ts";
import { severities } from "./severity.ts";

const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const textOrNull = Type.Union([Type.String(), Type.Null()]);

export const subjectKinds = ["monitor", "host", "job", "belfry", "external"] as const;

const subject = {
  kind: Type.Enum([...subjectKinds]),
  id: Type.String({
    description: "A UUID; of Belfry's own parts and of others' alerts, their name",
  }),
  name: Type.String({ description: "As it was when the incident opened" }),
};

/** One trouble of one subject within an incident. */
export const TroubleSchema = Type.Object({
  ...subject,
  rule: Type.String({ description: "`monitor_down`, `host_silent`, … or the name of an own rule" }),
  severity: Type.Enum([...severities]),
  message: Type.String(),
  since: TimeSchema,
  until: timeOrNull,
});
export type TroubleView = Static<typeof TroubleSchema>;

export const IncidentSchema = Type.Object({
  id: IdSchema,
  title: Type.String({ description: "One line: `api is down`" }),
  severity: Type.Enum([...severities], { description: "The worst of its troubles" }),
  subjects: Type.Array(Type.Object(subject), {
    description: "The one believed to be the cause first",
  }),
  cause: Type.Union(
    [
      Type.Object({
        ...subject,
        why: Type.String({ description: "How they belong together: `the same host`" }),
      }),
      Type.Null(),
    ],
    { description: "null where nothing but the subject itself is behind it" },
  ),
  troubles: Type.Array(TroubleSchema),
  labels: Type.Record(Type.String(), Type.String()),
  opened_at: TimeSchema,
  decided_at: TimeSchema,
  acknowledged_at: timeOrNull,
  acknowledged_by: textOrNull,
  snoozed_until: timeOrNull,
  resolved_at: timeOrNull,
  suppressed_by: Type.Union(
    [Type.Enum(["maintenance", "inhibition", "silence", "snooze"]), Type.Null()],
    { description: "Why nobody is told at present" },
  ),
  reason: Type.Union([Type.Enum([...reasons]), Type.Null()]),
  message: Type.String(),
  evidence: Type.Record(Type.String(), Type.Unknown()),
  flapping: Type.Boolean(),
});
export type IncidentView = Static<typeof IncidentSchema>;

/** Something that happened around an incident, for its time line. */
export const IncidentEntrySchema = Type.Object({
  at: TimeSchema,
  kind: Type.Enum([
    "trouble",
    "recovery",
    "notice",
    "comment",
    "acknowledged",
    "snoozed",
    "resolved",
    "check",
    "series",
    "run",
    "maintenance",
    "edit",
  ]),
  text: Type.String({ description: "One line" }),
  by: textOrNull,
  subject: Type.Union([Type.Object(subject), Type.Null()]),
});
export type IncidentEntry = Static<typeof IncidentEntrySchema>;

/** What people do about an incident. */
export const IncidentCommentSchema = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 4000 }) },
  { additionalProperties: false },
);
export const IncidentSnoozeSchema = Type.Object(
  { seconds: Type.Integer({ minimum: 60, maximum: 2_592_000 }) },
  { additionalProperties: false },
);
