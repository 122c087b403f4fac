/** Between a rule, the draft its form edits, and the body the API takes. */
import type { AlertRuleInput, AlertRuleView, Matcher, RuleCondition } from "@belfry/contract";
import { matcherText } from "../../form/matcher-text.ts";
import { isRecord } from "../../form/path.ts";

type Kind = RuleCondition["kind"];

const metric = { name: "", matchers: [] };

/** What a condition of each kind begins as. */
const fresh = {
  threshold: { metric, aggregate: "avg", over_seconds: 600, operator: ">" },
  change: { metric, over_seconds: 3600, relative: false, operator: ">" },
  rate: { metric, over_seconds: 600, operator: ">" },
  absence: { metric, over_seconds: 3600 },
  ratio: { numerator: metric, denominator: metric, operator: ">" },
  prediction: { metric, over_seconds: 21_600, within_seconds: 86_400, operator: "<" },
} as const satisfies Record<Kind, object>;

/** The kinds of conditions with what they are called, the plainest first. */
export const conditionKinds = [
  ["threshold", "A value is beyond a limit"],
  ["change", "A value changes"],
  ["rate", "A counter grows"],
  ["ratio", "A part of another value"],
  ["prediction", "It will be beyond a limit"],
  ["absence", "Nothing is sampled"],
] as const satisfies readonly (readonly [Kind, string])[];

/** The draft of a new rule. */
export function newDraft(): unknown {
  return {
    name: "",
    enabled: true,
    severity: "warning",
    subject: "host",
    matchers: [],
    condition: { kind: "threshold", ...fresh.threshold },
    for_seconds: 300,
    recovery_for_seconds: 120,
    labels: {},
    description: "",
  };
}

/** The draft of a rule that is there. */
export function draftOf(rule: AlertRuleView): AlertRuleInput {
  const { name, enabled, severity, subject, matchers, condition, labels, description } = rule;
  const { for_seconds, recovery_for_seconds } = rule;
  return {
    name,
    enabled,
    severity,
    subject,
    matchers,
    condition,
    for_seconds,
    recovery_for_seconds,
    labels,
    description,
  };
}

/** The draft of a copy. One that takes the place of a rule for some of its subjects says which before it has a name. */
export function copyOf(rule: AlertRuleView, isInstead: boolean): AlertRuleInput {
  const draft = draftOf(rule);
  if (!isInstead) return { ...draft, name: `${draft.name} copy`.slice(0, 100) };
  const matchers = [{ name: "subject", value: "", is_regex: false, is_equal: true }];
  return { ...draft, enabled: true, name: "", matchers };
}

/** The draft with a condition of another kind; what both kinds have stays. */
export function withConditionKind(draft: unknown, kind: string): unknown {
  const known = conditionKinds.find(([one]) => one === kind);
  if (known === undefined || !isRecord(draft)) return draft;
  const former = isRecord(draft["condition"]) ? draft["condition"] : {};
  const begun: Record<string, unknown> = fresh[known[0]];
  const first = former["metric"] ?? former["numerator"];
  const kept = {
    ...(first === undefined ? {} : "metric" in begun ? { metric: first } : { numerator: first }),
    ...("operator" in begun && former["value"] !== undefined ? { value: former["value"] } : {}),
  };
  return { ...draft, condition: { kind, ...begun, ...kept } };
}

/**
 * The body; a rule without a name that takes the place of another is called after it and what it is about. Guarantees
 * nothing: what the hub does not take comes back as problems, each at its field.
 */
export function bodyOf(draft: unknown, insteadOf: string | null): AlertRuleInput {
  const body = draft as AlertRuleInput;
  if (insteadOf === null || body.name.trim() !== "") return body;
  const which = body.matchers.map(matcherText).join(", ");
  return { ...body, name: `${insteadOf} (${which})`.slice(0, 100) };
}

/**
 * The matchers of a rule that leaves out what another one takes from it; undefined where that cannot be said, for it
 * needs exactly one matcher: of several, all have to match, and so would their contraries.
 */
export function withoutMatched(
  matchers: readonly Matcher[],
  taken: readonly Matcher[],
): Matcher[] | undefined {
  const [only] = taken;
  if (only === undefined || taken.length > 1 || only.value === "") return undefined;
  return [...matchers, { ...only, is_equal: !only.is_equal }];
}
