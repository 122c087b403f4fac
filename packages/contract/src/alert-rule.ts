/** Wire shapes of `/api/v1/alert-rules`: own rules over series, built-in ones with what was changed of them, and replay. */
import { Type, type Static } from "typebox";
import { ManagedBySchema } from "./managed-by.ts";
import { MatchersSchema } from "./matcher.ts";
import { IdSchema, LabelsSchema, NameSchema, TimeSchema } from "./monitor.ts";
import { severities } from "./severity.ts";

const operators = [">", ">=", "<", "<=", "==", "!="] as const;
const operator = Type.Enum([...operators]);
const over = (description: string) => Type.Integer({ minimum: 1, maximum: 2_592_000, description });

/** A series of each subject by its name, and by its labels where there are several: each is judged for itself. */
const metric = Type.Object(
  {
    name: Type.String({ pattern: "^[a-zA-Z_:][a-zA-Z0-9_:]*$", maxLength: 200 }),
    matchers: MatchersSchema,
  },
  { additionalProperties: false },
);

const recover = Type.Optional(
  Type.Number({
    description: "Hysteresis: once it holds, it ends only on the other side of this value",
  }),
);

export const RuleConditionSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal("threshold"),
      metric,
      aggregate: Type.Enum(["last", "avg", "min", "max", "sum"], { default: "last" }),
      over_seconds: Type.Optional(over("Span that is aggregated")),
      operator,
      value: Type.Number(),
      recover_value: recover,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("change"),
      metric,
      over_seconds: over("Now against so long ago"),
      relative: Type.Boolean({ default: false, description: "As a part of the old value" }),
      operator,
      value: Type.Number(),
      recover_value: recover,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("rate"),
      metric,
      over_seconds: over("Of a counter, per second over this span; resets are noticed"),
      operator,
      value: Type.Number(),
      recover_value: recover,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("absence"),
      metric,
      over_seconds: over("No sample for so long, of a series that was there before"),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("ratio"),
      numerator: metric,
      denominator: metric,
      operator,
      value: Type.Number(),
      recover_value: recover,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal("prediction"),
      metric,
      over_seconds: over("Span the line is drawn through"),
      within_seconds: over("How far it is drawn on"),
      operator,
      value: Type.Number({ description: "What it reaches by then" }),
      recover_value: recover,
    },
    { additionalProperties: false },
  ),
]);
export type RuleCondition = Static<typeof RuleConditionSchema>;

const rule = {
  name: NameSchema,
  enabled: Type.Boolean({ default: true }),
  severity: Type.Enum([...severities], { default: "warning" }),
  subject: Type.Enum(["host", "monitor", "job"], {
    default: "host",
    description: "Whose series are looked at",
  }),
  matchers: MatchersSchema,
  condition: RuleConditionSchema,
  for_seconds: Type.Integer({
    minimum: 0,
    maximum: 2_592_000,
    default: 60,
    description: "How long it must hold before it rings",
  }),
  recovery_for_seconds: Type.Integer({
    minimum: 0,
    maximum: 2_592_000,
    default: 60,
    description: "How long it must not hold before it is over",
  }),
  labels: LabelsSchema,
  description: Type.String({ maxLength: 2000, default: "" }),
};

export const AlertRuleInputSchema = Type.Object(rule, { additionalProperties: false });
export type AlertRuleInput = Static<typeof AlertRuleInputSchema>;

export const AlertRuleSchema = Type.Object({
  id: Type.String({ description: "A UUID, or the name of a built-in rule" }),
  ...rule,
  built_in: Type.Boolean(),
  is_changed: Type.Boolean({ description: "A built-in rule that differs from how it comes" }),
  firing: Type.Integer({ description: "Subjects of which it holds now" }),
  cannot_tell: Type.Integer({ description: "Subjects of which it cannot be evaluated now" }),
  managed_by: ManagedBySchema,
  version: Type.Integer(),
  created_at: Type.Union([TimeSchema, Type.Null()]),
  updated_at: Type.Union([TimeSchema, Type.Null()]),
});
export type AlertRuleView = Static<typeof AlertRuleSchema>;

/** What a rule would have done over recorded history. */
export const RuleReplaySchema = Type.Object({
  from: TimeSchema,
  to: TimeSchema,
  subjects: Type.Integer({ description: "Subjects that were looked at" }),
  resolution_seconds: Type.Integer({ description: "Distance of the samples that were looked at" }),
  rings: Type.Array(
    Type.Object({
      subject: Type.Object({ kind: Type.String(), id: IdSchema, name: Type.String() }),
      series: Type.Record(Type.String(), Type.String()),
      started_at: TimeSchema,
      ended_at: Type.Union([TimeSchema, Type.Null()]),
      value: Type.Number({ description: "The value that made it ring" }),
    }),
  ),
  rings_truncated: Type.Boolean(),
});
export type RuleReplayView = Static<typeof RuleReplaySchema>;

/** What a rule finds now. */
export const RulePreviewSchema = Type.Object({
  at: TimeSchema,
  items: Type.Array(
    Type.Object({
      subject: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
      series: Type.Record(Type.String(), Type.String()),
      result: Type.Enum(["holds", "does_not_hold", "cannot_tell", "does_not_apply"]),
      value: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
  items_truncated: Type.Boolean(),
});
export type RulePreviewView = Static<typeof RulePreviewSchema>;
