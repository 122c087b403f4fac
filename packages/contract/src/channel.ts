/** Wire shapes of `/api/v1/channels`, `/api/v1/channel-kinds` and the log of deliveries. */
import { Type, type Static } from "typebox";
import { ManagedBySchema } from "./managed-by.ts";
import { IdSchema, NameSchema, TimeSchema } from "./monitor.ts";

const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const textOrNull = Type.Union([Type.String(), Type.Null()]);

const input = {
  name: NameSchema,
  kind: Type.String({ description: "A kind of `/api/v1/channel-kinds`" }),
  enabled: Type.Boolean({ default: true }),
  is_default: Type.Boolean({
    default: true,
    description: "Told of what no route is responsible for",
  }),
  is_fallback: Type.Boolean({
    default: false,
    description: "Told of notices that another channel could not deliver within a day",
  }),
  settings: Type.Record(Type.String(), Type.Unknown(), {
    description: "Checked by the kind's own schema; secrets are written and never read back",
  }),
};

export const ChannelInputSchema = Type.Object(input, { additionalProperties: false });
export type ChannelInput = Static<typeof ChannelInputSchema>;

export const ChannelSchema = Type.Object({
  id: IdSchema,
  ...input,
  trouble: Type.Union(
    [
      Type.Object({
        failure: Type.Enum(["outage", "throttled", "misconfigured", "refused", "defect"]),
        why: Type.String(),
        since: TimeSchema,
      }),
      Type.Null(),
    ],
    { description: "null while it takes what it is given" },
  ),
  waiting: Type.Integer({ description: "Notices that wait for it" }),
  last_sent_at: timeOrNull,
  managed_by: ManagedBySchema,
  version: Type.Integer(),
  created_at: TimeSchema,
  updated_at: TimeSchema,
});
export type ChannelView = Static<typeof ChannelSchema>;

/** Enough of a kind of channels to draw its form. */
export const ChannelKindSchema = Type.Object({
  kind: Type.String(),
  title: Type.String(),
  schema: Type.Record(Type.String(), Type.Unknown(), {
    description: "JSON Schema of `settings`: titles, descriptions, units and defaults",
  }),
  secrets: Type.Array(Type.String(), { description: "Settings that are never read back" }),
  limit: Type.Object(
    { notices: Type.Integer(), per_ms: Type.Integer() },
    { description: "What the provider allows: at most so many notices in so many ms; more wait" },
  ),
});
export type ChannelKindView = Static<typeof ChannelKindSchema>;

/** What came of a test notice; secrets are cut out. */
export const ChannelTestSchema = Type.Object({
  result: Type.Enum(["sent", "retry", "refused", "misconfigured"]),
  why: Type.Union([Type.String(), Type.Null()], { description: "null when it was sent" }),
  request: textOrNull,
  answer: textOrNull,
});
export type ChannelTestView = Static<typeof ChannelTestSchema>;

export const noticeKinds = [
  "firing",
  "changed",
  "reminder",
  "escalated",
  "acknowledged",
  "resolved",
  "digest",
  "test",
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export const noticeStates = ["waiting", "sent", "refused", "given_up", "dropped"] as const;
export type NoticeState = (typeof noticeStates)[number];

/** One notice to one channel. */
export const NoticeSchema = Type.Object({
  id: IdSchema,
  channel_id: IdSchema,
  incident_id: Type.Union([IdSchema, Type.Null()]),
  kind: Type.Enum([...noticeKinds]),
  title: Type.String(),
  state: Type.Enum([...noticeStates]),
  attempts: Type.Integer(),
  created_at: TimeSchema,
  next_attempt_at: timeOrNull,
  sent_at: timeOrNull,
  why: Type.Union([Type.String(), Type.Null()], {
    description: "What the last attempt that failed came to",
  }),
});
export type NoticeView = Static<typeof NoticeSchema>;

/** One attempt to deliver a notice; secrets are cut out. */
export const DeliverySchema = Type.Object({
  at: TimeSchema,
  attempt: Type.Integer(),
  result: Type.Enum(["sent", "retry", "refused", "misconfigured"]),
  why: textOrNull,
  request: textOrNull,
  answer: textOrNull,
  duration_ms: Type.Number(),
});
export type DeliveryView = Static<typeof DeliverySchema>;
