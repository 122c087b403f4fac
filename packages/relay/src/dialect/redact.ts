/**
 * Redaction, before anything is written. A rule by name takes the whole value of every key of that name in `metadata`, at
 * any depth, and the metric of that name; a rule by pattern takes what fits out of every text of `metadata` and out of
 * names and keys of job and application. Ids (`idempotency_key`, `entity.id`, `parent_id`, `site_id`) stay: what belongs
 * together is found by them.
 */
import { bad, ok, type JobEvent, type Parsed, type Problem } from "@belfry/contract";

/** What is taken out. */
export interface RedactionRules {
  /** Names of keys, whole and in any case; `*` stands for any text: `password`, `*token*`. */
  readonly keys: readonly string[];
  /** Regular expressions (JavaScript, flags `gu`). They run on every text: one that backtracks for long holds up intake. */
  readonly patterns: readonly string[];
}

/** What stands in the place of what was taken out. */
export const redacted = "[redacted]";

/** Gives an event without what the rules take out; the event itself stays as it is. */
export type Redactor = (event: JobEvent) => JobEvent;

/** Makes a redactor, or says which patterns are none. */
export function createRedactor(rules: RedactionRules): Parsed<Redactor> {
  const problems: Problem[] = [];
  const patterns: RegExp[] = [];
  for (const [i, text] of rules.patterns.entries()) {
    const pattern = patternOf(text);
    if (pattern === undefined || pattern.test("")) {
      const wanted = "a regular expression that does not fit the empty text";
      problems.push({ path: `patterns[${i}]`, message: `expected ${wanted}, found ${text}` });
    } else {
      patterns.push(pattern);
    }
  }
  if (problems.length > 0) return bad(...problems);
  const names = rules.keys.map(namePattern);
  if (names.length === 0 && patterns.length === 0) return ok((event) => event);
  const isHidden = (name: string): boolean => names.some((pattern) => pattern.test(name));
  const clean = (text: string): string =>
    patterns.reduce((left, pattern) => left.replace(pattern, redacted), text);
  return ok((event) => cleaned(event, { isHidden, clean }));
}

interface Rules {
  readonly isHidden: (name: string) => boolean;
  readonly clean: (text: string) => string;
}

function cleaned({ app, entity, event, ...rest }: JobEvent, rules: Rules): JobEvent {
  const orNull = (text: string | null): string | null => (text === null ? null : rules.clean(text));
  const metrics = Object.entries(event.metrics).filter(([name]) => !rules.isHidden(name));
  return {
    ...rest,
    app: { ...app, name: rules.clean(app.name), version: orNull(app.version) },
    entity: {
      ...entity,
      business_key: orNull(entity.business_key),
      sub_key: orNull(entity.sub_key),
    },
    event: {
      ...event,
      metrics: Object.fromEntries(metrics),
      metadata: cleanFields(event.metadata, rules),
    },
  };
}

function cleanFields(fields: object, rules: Rules): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      rules.isHidden(name) ? redacted : cleanValue(value, rules),
    ]),
  );
}

function cleanValue(value: unknown, rules: Rules): unknown {
  if (typeof value === "string") return rules.clean(value);
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, rules));
  return typeof value === "object" && value !== null ? cleanFields(value, rules) : value;
}

function patternOf(text: string): RegExp | undefined {
  try {
    return new RegExp(text, "gu");
  } catch {
    return undefined;
  }
}

function namePattern(name: string): RegExp {
  const parts = name.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "isu");
}
