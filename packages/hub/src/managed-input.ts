/**
 * Reads routes, rules and maintenance windows as `belfry.yaml` has them, by the rules that hold for those that people
 * send. What a built-in rule is to be is a merge patch of it as it comes, as with `PATCH`.
 *
 * An override takes the place of its built-in rule for what its matcher chooses: it becomes an own rule, which is that
 * one with what is different, and the built-in rule and the overrides behind it leave out what it chooses.
 */
import {
  bad,
  createParser,
  MatcherSchema,
  ok,
  WindowScheduleSchema,
  type AlertRuleInput,
  type Matcher,
  type Parsed,
  type Parser,
  type Problem,
} from "@belfry/contract";
import { Type } from "typebox";
import { parseRule, parseRulePatch } from "./api/alerting/alert-rule-input.ts";
import { timezoneProblems } from "./api/alerting/timezone.ts";
import type { AlertFileParsers } from "./config/alert-file.ts";
import { FileRouteSchema, FileWindowSchema } from "./config/alert-schema.ts";
import type { ManagedRoute, ManagedRule, ManagedWindow, NamedChannel } from "./config/settings.ts";
import { didYouMean } from "./config/suggest.ts";
import { windowScheduleProblems } from "./model/maintenance-window.ts";
import { matcherProblems } from "./model/matcher.ts";
import { builtInRules } from "./rules/built-in.ts";

/** Reads the entries of the lists. */
export const parseAlerting: AlertFileParsers = {
  route: readRoute,
  rule: readRule,
  window: readWindow,
};

type Entry = Readonly<Record<string, unknown>>;

/** Most matchers of a rule, as its schema has it. */
const mostMatchers = 32;

const parseRoute = createParser(FileRouteSchema);
/** With hours, so that what is wrong with them is said: of a union nobody could. */
const parseTimedRoute = createParser(
  Type.Object(
    { ...FileRouteSchema.properties, active: FileRouteSchema.properties.active.anyOf[0] },
    { additionalProperties: false },
  ),
);

function readRoute(entry: unknown): Parsed<ManagedRoute> {
  const isTimed = isRecord(entry) && isRecord(entry["active"]);
  const parsed = isTimed ? parseTimedRoute(entry) : parseRoute(entry);
  if (parsed.kind === "bad") return parsed;
  const { channels, escalation, ...route } = parsed.value;
  const problems = [
    ...matcherProblems(route.matchers),
    ...(route.active === null ? [] : timezoneProblems(route.active.timezone, "active.")),
  ];
  if (problems.length > 0) return bad(...problems);
  return ok({
    route,
    channels: named(channels, "channels"),
    escalation: escalation.map((step, i) => ({
      after_seconds: step.after_seconds,
      channels: named(step.channels, `escalation[${i}].channels`),
    })),
  });
}

function named(names: readonly string[], at: string): readonly NamedChannel[] {
  return names.map((name, i) => ({ name, place: `${at}[${i}]` }));
}

const windowParsers: ReadonlyMap<unknown, Parser<ManagedWindow>> = new Map(
  WindowScheduleSchema.anyOf.map((schedule) => {
    const { properties } = FileWindowSchema;
    const schema = Type.Object({ ...properties, schedule }, { additionalProperties: false });
    return [schedule.properties.kind.const, createParser(schema)];
  }),
);
const parseWindow = createParser(FileWindowSchema);

function readWindow(entry: unknown): Parsed<ManagedWindow> {
  const schedule = isRecord(entry) ? entry["schedule"] : undefined;
  const kind = isRecord(schedule) ? schedule["kind"] : undefined;
  const parse = windowParsers.get(kind);
  if (parse === undefined && typeof kind === "string") {
    const kinds = [...windowParsers.keys()].join(", ");
    return bad({ path: "schedule.kind", message: `expected one of ${kinds}, found ${kind}` });
  }
  const parsed = (parse ?? parseWindow)(entry);
  if (parsed.kind === "bad") return parsed;
  const problems = [
    ...matcherProblems(parsed.value.matchers),
    // Also what will not be open any more may stand there.
    ...windowScheduleProblems(parsed.value.schedule, 0).map(({ path, message }) => ({
      path: `schedule.${path}`,
      message,
    })),
  ];
  return problems.length > 0 ? bad(...problems) : parsed;
}

function readRule(entry: unknown): Parsed<readonly ManagedRule[]> {
  if (!isRecord(entry) || !Object.hasOwn(entry, "id")) return readOwnRule(entry);
  const { id, overrides = [], ...patch } = entry;
  const comes = typeof id === "string" ? builtInRules.get(id) : undefined;
  if (comes === undefined) {
    const hint = didYouMean(String(id), [...builtInRules.keys()]);
    return bad({ path: "id", message: `there is no built-in rule ${JSON.stringify(id)}${hint}` });
  }
  const changed = parseRulePatch(patch, comes.rule);
  if (changed.kind === "bad") return changed;
  return withOverrides(comes.id, changed.value, overrides);
}

function readOwnRule(entry: unknown): Parsed<readonly ManagedRule[]> {
  const filled = isRecord(entry) ? { matchers: [], labels: {}, ...entry } : entry;
  const parsed = parseRule(filled);
  return parsed.kind === "ok" ? ok([{ builtIn: null, rule: parsed.value }]) : parsed;
}

function withOverrides(
  builtIn: string,
  rule: AlertRuleInput,
  overrides: unknown,
): Parsed<readonly ManagedRule[]> {
  if (!Array.isArray(overrides)) return bad({ path: "overrides", message: "expected a list" });
  const problems: Problem[] = [];
  const others: ManagedRule[] = [];
  let matchers: readonly Matcher[] = rule.matchers;
  for (const [i, override] of overrides.entries()) {
    const parsed = readOverride(override, { ...rule, matchers: [...matchers] });
    if (parsed.kind === "bad") {
      const at = `overrides[${i}]`;
      for (const { path, message } of parsed.problems) {
        problems.push({ path: path === "" ? at : `${at}.${path}`, message });
      }
      continue;
    }
    const { matcher, rule: other } = parsed.value;
    others.push({ builtIn: null, rule: other });
    matchers = [...matchers, { ...matcher, is_equal: !matcher.is_equal }];
  }
  if (matchers.length > mostMatchers) {
    const message = `expected at most ${mostMatchers} matchers and overrides together`;
    problems.push({ path: "overrides", message });
  }
  if (problems.length > 0) return bad(...problems);
  return ok([{ builtIn, rule: { ...rule, matchers: [...matchers] } }, ...others]);
}

const parseOverrideMatchers = createParser(
  Type.Object({ matchers: Type.Array(MatcherSchema, { minItems: 1, maxItems: 1 }) }),
);

/** `rule` is what it takes the place of, with the matchers of what is left of that. */
function readOverride(
  override: unknown,
  rule: AlertRuleInput,
): Parsed<{ readonly matcher: Matcher; readonly rule: AlertRuleInput }> {
  if (!isRecord(override)) return bad({ path: "", message: "expected keys with values" });
  // Of several, all have to match; what they do not choose together cannot be said in matchers.
  const chosen = parseOverrideMatchers({ matchers: override["matchers"] });
  const matchers = chosen.kind === "ok" ? chosen.value.matchers : [];
  const { matchers: _matchers, ...patch } = override;
  const parsed = parseRulePatch({ enabled: true, name: null, ...patch }, rule);
  const problems = [
    ...(chosen.kind === "bad" ? chosen.problems : matcherProblems(matchers)),
    ...(parsed.kind === "bad" ? parsed.problems : []),
  ];
  const [matcher] = matchers;
  if (problems.length > 0 || parsed.kind === "bad" || matcher === undefined) {
    return bad(...problems);
  }
  return ok({ matcher, rule: { ...parsed.value, matchers: [...rule.matchers, matcher] } });
}

function isRecord(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
