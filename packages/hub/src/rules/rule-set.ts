/**
 * The rules that hold: the built-in ones as they come or as they were changed, and people's own. A set never changes; when
 * a rule does, there is another set.
 */
import type { AlertRuleInput, Matcher, RuleCondition } from "@belfry/contract";
import type { AlertRuleSettings } from "../model/alert-policy.ts";
import { builtInRules } from "./built-in.ts";
import type { BuiltInRule } from "./built-in-text.ts";
import { spanOf } from "./condition.ts";

/** What subjects of rules are. */
export type SubjectKind = AlertRuleInput["subject"];

/** A rule as it holds. */
export interface ActiveRule {
  /** The id of an own rule, the name of a built-in one. */
  readonly id: string;
  readonly rule: AlertRuleInput;
  readonly builtIn: BuiltInRule | null;
  /** What was written of it; null: a built-in one as it comes. */
  readonly kept: AlertRuleSettings | null;
}

/** The series a rule asks for. */
export interface AskedMetric {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

export class RuleSet {
  /** Every rule, also those that are switched off; built-in ones first. */
  readonly rules: readonly ActiveRule[];
  readonly #wanted = new Map<string, Map<string, readonly number[]>>();
  readonly #ids: ReadonlyMap<string, ActiveRule>;

  constructor(rules: readonly ActiveRule[]) {
    this.rules = rules;
    this.#ids = new Map(this.rules.map((one) => [one.id, one]));
    for (const [number, { rule }] of this.rules.entries()) {
      if (!rule.enabled) continue;
      const names = this.#wanted.get(rule.subject) ?? new Map<string, readonly number[]>();
      this.#wanted.set(rule.subject, names);
      const { name } = primaryMetric(rule.condition);
      names.set(name, [...(names.get(name) ?? []), number]);
    }
  }

  get(id: string): ActiveRule | undefined {
    return this.#ids.get(id);
  }

  /** Whether enabled rules look at such subjects. */
  isAbout(kind: SubjectKind): boolean {
    return this.#wanted.has(kind);
  }

  /** Numbers of the enabled rules that look at a metric of such subjects. */
  about(kind: SubjectKind, metric: string): readonly number[] {
    return this.#wanted.get(kind)?.get(metric) ?? none;
  }

  /** Metrics that enabled rules ask of such subjects, those of denominators too. */
  metricsOf(kind: SubjectKind): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { rule } of this.rules) {
      if (!rule.enabled || rule.subject !== kind) continue;
      names.add(primaryMetric(rule.condition).name);
      if (rule.condition.kind === "ratio") names.add(rule.condition.denominator.name);
    }
    return names;
  }

  /** The longest span that enabled rules look back over at such subjects, in ms. */
  longestSpanOf(kind: SubjectKind): number {
    const spans = this.rules.map(({ rule }) => {
      if (!rule.enabled || rule.subject !== kind) return 0;
      if (rule.condition.kind === "absence") return rule.condition.over_seconds * 1000;
      return spanOf(rule.condition)?.overMs ?? 0;
    });
    return Math.max(0, ...spans);
  }
}

const none: readonly number[] = [];

/** The rules that hold, by what people wrote of them. */
export function rulesThatHold(kept: readonly AlertRuleSettings[]): RuleSet {
  const written = new Map(kept.map((one) => [one.id, one]));
  const own = kept.filter(({ id }) => !builtInRules.has(id)).map(ownRule);
  return new RuleSet([...[...builtInRules.values()].map((one) => builtIn(one, written)), ...own]);
}

/** One rule that need not exist, as it would hold. */
export function onlyRule(rule: AlertRuleInput): RuleSet {
  return new RuleSet([
    { id: "tried", rule: { ...rule, enabled: true }, builtIn: null, kept: null },
  ]);
}

/** The series a condition is about; of a ratio the numerator. */
export function primaryMetric(condition: RuleCondition): AskedMetric {
  return condition.kind === "ratio" ? condition.numerator : condition.metric;
}

function builtIn(rule: BuiltInRule, written: ReadonlyMap<string, AlertRuleSettings>): ActiveRule {
  const kept = written.get(rule.id) ?? null;
  return { id: rule.id, rule: kept?.rule ?? rule.rule, builtIn: rule, kept };
}

function ownRule(kept: AlertRuleSettings): ActiveRule {
  return { id: kept.id, rule: kept.rule, builtIn: null, kept };
}
