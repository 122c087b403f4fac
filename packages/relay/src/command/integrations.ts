/**
 * The sinks a sidecar is told to have: the Monitoring Component's array of `{type, name, enabled, config}`, inline in a
 * variable or in a file; or an object that has it as `integrations`, with rules of `redaction` beside it. `${NAME}` in a text of `config` stands for that variable of the environment. All problems are
 * found at once; nothing of a list with a problem is used.
 */
import { bad, describe, ok, type Parsed, type Problem } from "@belfry/contract";
import { createRedactor, type RedactionRules } from "../dialect/redact.ts";
import type { EventSinkKind } from "../event-sink.ts";

/** One destination as it was configured. */
export interface Integration {
  readonly name: string;
  readonly kind: EventSinkKind;
  readonly enabled: boolean;
  /** As its kind parsed them; of one that is not enabled, as they were written. */
  readonly settings: object;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface IntegrationSource {
  /** What problems are about: a variable or a file. */
  readonly from: string;
  readonly text: string;
}

/** What a file of sinks says: a list of them alone, or an object with `integrations` and `redaction`. */
export interface SinkConfiguration {
  readonly integrations: readonly Integration[];
  /** Beside those of the variables. */
  readonly redaction: RedactionRules;
}

export const noRedaction: RedactionRules = { keys: [], patterns: [] };

/** Reads the text of a configuration. */
export function parseSinks(
  { from, text }: IntegrationSource,
  kinds: ReadonlyMap<string, EventSinkKind>,
  env: Environment,
): Parsed<SinkConfiguration> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says quotes the text, which may hold secrets.
    return bad({ path: from, message: "is not JSON" });
  }
  return readSinks(value, kinds, env, from);
}

/** Reads a configuration that was JSON; `from` is put before every path. */
export function readSinks(
  value: unknown,
  kinds: ReadonlyMap<string, EventSinkKind>,
  env: Environment,
  from: string,
): Parsed<SinkConfiguration> {
  const isList = !isObject(value);
  const problems: Problem[] = [];
  const redaction = isList ? noRedaction : readRedaction(value["redaction"], from, problems);
  for (const key of isList ? [] : Object.keys(value)) {
    if (key !== "integrations" && key !== "redaction")
      problems.push({ path: `${from}.${key}`, message: "is not a known key" });
  }
  const list = isList ? value : value["integrations"];
  const read = readIntegrations(list, kinds, env, isList ? from : `${from}.integrations`);
  if (read.kind === "bad") problems.push(...read.problems);
  return read.kind === "bad" || problems.length > 0
    ? bad(...problems)
    : ok({ integrations: read.value, redaction });
}

function readRedaction(value: unknown, from: string, problems: Problem[]): RedactionRules {
  if (value === undefined) return noRedaction;
  const at = `${from}.redaction`;
  if (!isObject(value)) {
    problems.push({ path: at, message: `expected an object, found ${describe(value)}` });
    return noRedaction;
  }
  for (const key of Object.keys(value)) {
    if (key !== "keys" && key !== "patterns")
      problems.push({ path: `${at}.${key}`, message: "is not a known key" });
  }
  const texts = (key: string): readonly string[] => {
    const list = value[key] ?? [];
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
    problems.push({ path: `${at}.${key}`, message: "expected a list of texts" });
    return [];
  };
  const rules = { keys: texts("keys"), patterns: texts("patterns") };
  const checked = createRedactor(rules);
  if (checked.kind === "bad") {
    problems.push(...checked.problems.map((one) => ({ ...one, path: `${at}.${one.path}` })));
  }
  return rules;
}

function readIntegrations(
  list: unknown,
  kinds: ReadonlyMap<string, EventSinkKind>,
  env: Environment,
  from: string,
): Parsed<readonly Integration[]> {
  if (!Array.isArray(list)) {
    return bad({ path: from, message: `expected a list of integrations, found ${describe(list)}` });
  }
  const problems: Problem[] = [];
  const integrations: Integration[] = [];
  const names = new Map<string, number>();
  for (const [i, entry] of list.entries()) {
    const at = `${from}[${i}]`;
    const parsed = readIntegration(entry, kinds, env, at);
    if (parsed.kind === "bad") {
      problems.push(...parsed.problems);
      continue;
    }
    const first = names.get(parsed.value.name);
    if (first === undefined) {
      names.set(parsed.value.name, i);
      integrations.push(parsed.value);
    } else {
      const message = `${describe(parsed.value.name)} is the name of ${from}[${first}] already`;
      problems.push({ path: `${at}.name`, message });
    }
  }
  return problems.length > 0 ? bad(...problems) : ok(integrations);
}

const entryKeys = ["type", "name", "enabled", "config"];

function readIntegration(
  entry: unknown,
  kinds: ReadonlyMap<string, EventSinkKind>,
  env: Environment,
  at: string,
): Parsed<Integration> {
  if (!isObject(entry)) {
    return bad({ path: at, message: `expected an object, found ${describe(entry)}` });
  }
  const problems: Problem[] = [];
  const expected = (key: string, what: string): void => {
    problems.push({
      path: `${at}.${key}`,
      message: `expected ${what}, found ${describe(entry[key])}`,
    });
  };
  for (const key of Object.keys(entry)) {
    if (!entryKeys.includes(key))
      problems.push({ path: `${at}.${key}`, message: "is not a known key" });
  }
  const { type, enabled = true, config = {} } = entry;
  const kind = typeof type === "string" ? kinds.get(type) : undefined;
  if (kind === undefined) expected("type", `one of ${[...kinds.keys()].join(", ")}`);
  const { name = type } = entry;
  const isName = typeof name === "string" && /^[^\p{Cc}]{1,60}$/u.test(name);
  if (!isName) expected("name", "1 to 60 characters");
  if (typeof enabled !== "boolean") expected("enabled", "true or false");
  if (!isObject(config)) expected("config", "an object");
  if (kind === undefined || !isName || typeof enabled !== "boolean" || !isObject(config)) {
    return bad(...problems);
  }
  // What is switched off may lack its variables.
  if (!enabled) {
    return problems.length > 0 ? bad(...problems) : ok({ name, kind, enabled, settings: config });
  }
  const expanded = expand(config, env, `${at}.config`, problems);
  const settings = kind.parseSettings(expanded, `${at}.config`);
  if (settings.kind === "bad") problems.push(...settings.problems);
  return settings.kind === "bad" || problems.length > 0
    ? bad(...problems)
    : ok({ name, kind, enabled, settings: settings.value });
}

/** Replaces `${NAME}` in every text; a variable that is not set is a problem, an empty one is not. */
function expand(value: unknown, env: Environment, at: string, problems: Problem[]): unknown {
  if (typeof value === "string") {
    return value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      const found = env[name];
      if (found === undefined)
        problems.push({ path: at, message: `the variable ${name} is not set` });
      return found ?? whole;
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => expand(item, env, `${at}[${i}]`, problems));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expand(item, env, `${at}.${key}`, problems)]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
