/** Settings of a sidecar from its command line and environment; every problem is found at once, each a line. */
import { createRedactor, type RedactionRules, type Redactor } from "../dialect/redact.ts";
import type { EventSinkKind } from "../event-sink.ts";
import { isLoopback, type Access } from "../intake/access.ts";
import type { ListenAddress } from "../intake/listen.ts";
import type { Rate } from "../intake/rate.ts";
import { parseArgs } from "node:util";
import { addressOf, rateOf } from "./address.ts";
import {
  noRedaction,
  parseSinks,
  readSinks,
  type Environment,
  type Integration,
  type SinkConfiguration,
} from "./integrations.ts";
import { sidecarOptions, type SidecarOption, type SidecarOptionName } from "./option.ts";

export interface SidecarSettings {
  readonly listen: ListenAddress;
  /** Of every client; null: no limit. */
  readonly rate: Rate | null;
  readonly access: Access;
  readonly spoolFolder: string;
  readonly quotaBytes: number;
  readonly whenFull: "refuse" | "drop_oldest";
  readonly integrations: readonly Integration[];
  /** Where the sinks were found, for people. */
  readonly integrationsFrom: string;
  readonly redact: Redactor;
  readonly forget: readonly string[];
  readonly checkOnly: boolean;
}

export type SidecarCommand =
  | { readonly kind: "run"; readonly settings: SidecarSettings }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

export interface SettingsParts {
  readonly env: Environment;
  readonly kinds: ReadonlyMap<string, EventSinkKind>;
  /** Reads a text file; undefined where there is none; throws when it cannot be read. */
  readonly readText: (path: string) => string | undefined;
}

const defaultFile = "config/integrations.json";
const megabyte = 1024 * 1024;
/** The spool keeps at least four segments of 32 MB. */
const leastQuotaMb = 128;

/** Reads all of them. */
export function readSettings(argv: readonly string[], parts: SettingsParts): SidecarCommand {
  const line = readLine(argv);
  if (line.values.has("help")) return { kind: "help" };
  if (line.values.has("version")) return { kind: "version" };
  const problems = [...line.problems];
  const text = (name: SidecarOptionName): string | undefined =>
    valueOf(name, line, parts, problems);
  const listen = addressOf(text("listen") ?? "127.0.0.1:17000", problems);
  const access = accessOf(listen, text("token"), text("auth"), problems);
  const { integrations, redaction, from } = sinksOf(text, parts, problems);
  const settings: SidecarSettings = {
    listen,
    rate: rateOf(text("rate"), problems),
    access,
    spoolFolder: text("spoolDir") ?? "data/sidecar-spool",
    quotaBytes: quotaOf(text("quota"), problems),
    whenFull: whenFullOf(text("whenFull"), problems),
    integrations,
    integrationsFrom: from,
    redact: redactorOf(text("redactKeys"), text("redactPatterns"), redaction, problems),
    forget: line.values.get("forget") ?? [],
    checkOnly: line.values.has("check"),
  };
  for (const name of settings.forget) {
    if (integrations.some((one) => one.name === name)) {
      problems.push(`--forget: ${name} is configured; remove it first`);
    }
  }
  return problems.length > 0 ? { kind: "wrong", problems } : { kind: "run", settings };
}

interface Line {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly string[];
}

function readLine(argv: readonly string[]): Line {
  const known = Object.values<SidecarOption>(sidecarOptions);
  const types = known.flatMap(({ flag, value }) =>
    flag === null ? [] : [[flag, { type: value === null ? "boolean" : "string" }] as const],
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(types),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "V" },
    },
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") problems.push(`expected an option, found ${token.value}`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = known.find(({ flag }) => flag === name);
    const isSwitch = name === "help" || name === "version" || option?.value === null;
    if (option === undefined && !isSwitch) {
      problems.push(`${rawName} is not one of its options`);
    } else if (isSwitch && value !== undefined) {
      problems.push(`${rawName} takes no value`);
    } else if (!isSwitch && (value === undefined || value === "" || value.startsWith("--"))) {
      problems.push(`${rawName}: expected ${option?.value ?? "a value"}, found nothing`);
    } else if (values.has(name) && option?.many !== true) {
      problems.push(`${rawName} is given twice`);
    } else {
      values.set(name, [...(values.get(name) ?? []), value ?? ""]);
    }
  }
  return { values, problems };
}

/** The option, else its variables, else the file that `<variable>_FILE` names. Variables that disagree are a problem. */
function valueOf(
  name: SidecarOptionName,
  line: Line,
  { env, readText }: SettingsParts,
  problems: string[],
): string | undefined {
  const option: SidecarOption = sidecarOptions[name];
  const flag = option.flag === null ? undefined : line.values.get(option.flag)?.at(-1);
  if (flag !== undefined) return flag;
  const set = option.variables.filter((variable) => (env[variable] ?? "") !== "");
  const [first, ...others] = set;
  for (const other of others) {
    if (first !== undefined && env[other] !== env[first]) {
      problems.push(`${first} and ${other} are both set, to different values`);
    }
  }
  if (first !== undefined) return env[first];
  if (option.secret !== true) return undefined;
  const variable = `${option.variables[0]}_FILE`;
  const path = env[variable] ?? "";
  if (path === "") return undefined;
  try {
    const found = readText(path)?.trim();
    if (found !== undefined && found !== "") return found;
    problems.push(`${variable}: ${path} ${found === "" ? "is empty" : "does not exist"}`);
  } catch (error) {
    problems.push(`${variable}: ${path} cannot be read: ${messageOf(error)}`);
  }
  return undefined;
}

function accessOf(
  listen: ListenAddress,
  token: string | undefined,
  auth: string | undefined,
  problems: string[],
): Access {
  if (auth !== undefined && auth !== "off") {
    problems.push(`BELFRY_SIDECAR_AUTH: expected off or nothing, found ${auth}`);
  }
  if (token !== undefined) {
    if (!/^[\x21-\x7e]{8,}$/.test(token)) {
      problems.push("BELFRY_SIDECAR_TOKEN: expected at least 8 visible ASCII characters");
    }
    return { kind: "token", token };
  }
  // Who may open a socket of the file system is up to the file system, and no page of a browser can.
  if (auth === "off" || listen.kind === "unix") return { kind: "open" };
  if (!isLoopback(listen.host)) {
    problems.push(
      `listen: other machines reach ${listen.host}: set BELFRY_SIDECAR_TOKEN, or BELFRY_SIDECAR_AUTH=off where the network is trusted`,
    );
  }
  return { kind: "loopback" };
}

function sinksOf(
  text: (name: SidecarOptionName) => string | undefined,
  parts: SettingsParts,
  problems: string[],
): SinkConfiguration & { readonly from: string } {
  const base = text("localApiBase");
  const timeout = text("localApiTimeout");
  const given = text("integrations");
  const source = sourceOf(given, parts, problems);
  const parsed =
    source === undefined
      ? readSinks(
          given === undefined ? [localApi(base, timeout, problems)] : [],
          parts.kinds,
          {},
          "default",
        )
      : parseSinks(source, parts.kinds, parts.env);
  if (parsed.kind === "bad") {
    for (const { path, message } of parsed.problems) problems.push(`${path}: ${message}`);
    return { integrations: [], redaction: noRedaction, from: "" };
  }
  return { ...parsed.value, from: source?.from ?? "LOCAL_API_BASE" };
}

/** Undefined where nothing is configured, or what is cannot be read. */
function sourceOf(
  given: string | undefined,
  { readText }: SettingsParts,
  problems: string[],
): { from: string; text: string } | undefined {
  if (given !== undefined && /^\s*[[{]/.test(given)) return { from: "integrations", text: given };
  const path = given ?? defaultFile;
  try {
    const text = readText(path);
    if (text !== undefined) return { from: path, text };
    if (given !== undefined) problems.push(`integrations: ${path} does not exist`);
  } catch (error) {
    problems.push(`integrations: ${path} cannot be read: ${messageOf(error)}`);
  }
  return undefined;
}

function localApi(
  base: string | undefined,
  timeout: string | undefined,
  problems: string[],
): object {
  let seconds = timeout === undefined ? 5 : Number(timeout);
  if (!(seconds > 0 && seconds <= 3600)) {
    seconds = 5;
    problems.push(`LOCAL_API_TIMEOUT: expected seconds above 0, at most 3600, found ${timeout}`);
  }
  return {
    type: "local_api",
    name: "default",
    config: { base_url: base ?? "http://localhost:18000", timeout: seconds },
  };
}

function quotaOf(text: string | undefined, problems: string[]): number {
  if (text === undefined) return 10 * 1024 * megabyte;
  const mb = Number(text);
  if (!Number.isInteger(mb) || mb < leastQuotaMb) {
    problems.push(
      `BELFRY_SIDECAR_SPOOL_MB: expected a whole number of at least ${leastQuotaMb}, found ${text}`,
    );
  }
  return mb * megabyte;
}

function whenFullOf(text: string | undefined, problems: string[]): SidecarSettings["whenFull"] {
  if (text === "drop_oldest") return text;
  if (text !== undefined && text !== "refuse") {
    problems.push(`BELFRY_SIDECAR_WHEN_FULL: expected refuse or drop_oldest, found ${text}`);
  }
  return "refuse";
}

function redactorOf(
  keys: string | undefined,
  patterns: string | undefined,
  more: RedactionRules,
  problems: string[],
): Redactor {
  const names = (keys ?? "").split(",").map((name) => name.trim());
  const redactor = createRedactor({
    keys: [...names.filter((name) => name !== ""), ...more.keys],
    patterns: [...patternsOf(patterns, problems), ...more.patterns],
  });
  if (redactor.kind === "ok") return redactor.value;
  for (const { path, message } of redactor.problems) {
    problems.push(`BELFRY_SIDECAR_REDACT_PATTERNS: ${path}: ${message}`);
  }
  return (event) => event;
}

function patternsOf(text: string | undefined, problems: string[]): readonly string[] {
  if (text === undefined) return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    list = undefined;
  }
  if (isTexts(list)) return list;
  problems.push("BELFRY_SIDECAR_REDACT_PATTERNS: expected a JSON list of texts");
  return [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
