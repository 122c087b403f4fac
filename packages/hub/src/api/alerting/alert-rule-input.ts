/** Reads rules as they are sent. Problems are named by the field they are in, also within a condition. */
import {
  AlertRuleInputSchema,
  bad,
  createParser,
  ok,
  RuleConditionSchema,
  type AlertRuleInput,
  type Parsed,
  type Problem,
  type RuleCondition,
} from "@belfry/contract";
import { Type } from "typebox";
import { matcherProblems } from "../../model/matcher.ts";
import { mergePatch } from "../../model/merge-patch.ts";

type Kind = RuleCondition["kind"];
/** Reads one rule. */
type ReadRule = (value: unknown) => Parsed<AlertRuleInput>;

/** A parser for each kind of condition: of a union nobody could say which field is wrong. */
const parsers: ReadonlyMap<string, ReadRule> = new Map(
  RuleConditionSchema.anyOf.map((condition) => {
    const { properties } = AlertRuleInputSchema;
    const schema = Type.Object({ ...properties, condition }, { additionalProperties: false });
    return [condition.properties.kind.const, createParser(schema)];
  }),
);
const withoutKind = createParser(AlertRuleInputSchema);

/** Reads a rule. */
export function parseRule(body: unknown): Parsed<AlertRuleInput> {
  const kind = kindOf(body);
  if (kind === undefined) return withoutKind(body);
  const parse = parsers.get(kind);
  if (parse === undefined) {
    const kinds = [...parsers.keys()].join(", ");
    return bad({ path: "condition.kind", message: `expected one of ${kinds}, found ${kind}` });
  }
  const parsed = parse(body);
  if (parsed.kind === "bad") return parsed;
  const problems = problemsOf(parsed.value);
  return problems.length === 0 ? ok(parsed.value) : { kind: "bad", problems };
}

/** Reads a rule as a merge patch of the present one; a condition of another kind replaces the present one. */
export function parseRulePatch(patch: unknown, present: AlertRuleInput): Parsed<AlertRuleInput> {
  const kind = kindOf(patch);
  const isOther = kind !== undefined && kind !== present.condition.kind;
  const base: object = isOther ? { ...present, condition: {} } : present;
  return parseRule(mergePatch(base, patch));
}

function kindOf(body: unknown): string | undefined {
  const condition = fieldOf(body, "condition");
  const kind = fieldOf(condition, "kind");
  return typeof kind === "string" ? kind : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** What fits its schema and is nonsense all the same. */
function problemsOf({ matchers, condition }: AlertRuleInput): readonly Problem[] {
  const metrics: readonly (readonly [string, { matchers: AlertRuleInput["matchers"] }])[] =
    condition.kind === "ratio"
      ? [
          ["numerator", condition.numerator],
          ["denominator", condition.denominator],
        ]
      : [["metric", condition.metric]];
  return [
    ...matcherProblems(matchers),
    ...metrics.flatMap(([name, metric]) =>
      matcherProblems(metric.matchers, `condition.${name}.matchers`),
    ),
    ...spanProblems(condition),
    ...recoverProblems(condition),
  ];
}

function spanProblems(condition: RuleCondition): readonly Problem[] {
  if (condition.kind !== "threshold" || condition.aggregate === "last") return [];
  if (condition.over_seconds !== undefined) return [];
  const message = `expected the span of which the ${condition.aggregate} is taken`;
  return [{ path: "condition.over_seconds", message }];
}

/** Hysteresis has to lie on the side the value comes back to. */
function recoverProblems(condition: RuleCondition): readonly Problem[] {
  if (condition.kind === ("absence" satisfies Kind)) return [];
  const { operator, value, recover_value: recover } = condition;
  if (recover === undefined) return [];
  const path = "condition.recover_value";
  if (operator === "==" || operator === "!=") {
    return [{ path, message: `expected none with the operator ${operator}` }];
  }
  const isAbove = operator === ">" || operator === ">=";
  if (isAbove ? recover <= value : recover >= value) return [];
  const side = isAbove ? "at most" : "at least";
  return [{ path, message: `expected ${side} the value ${value}, found ${recover}` }];
}
