/**
 * Reads the settings: flags, environment, `.env`, a file, defaults, in this order; a value that comes earlier wins. All
 * problems are reported at once, each as one line that says where, what was expected and what was found; secrets are
 * never repeated in one. Reading a file is the only I/O.
 */
import { createParser, describe, type Problem } from "@belfry/contract";
import { parseOutput, type OutputSettings } from "@belfry/relay";
import { resolve } from "node:path";
import type { ParseChannelSettings } from "./alert-environment.ts";
import type { AlertFileParsers } from "./alert-file.ts";
import { parseHostAndPort, type HostAndPort } from "./address.ts";
import { isAmaunatorFile, readAmaunatorFile } from "./amaunator-file.ts";
import { readBelfryFile } from "./belfry-file.ts";
import { toSettings } from "./check.ts";
import { readEnvironment } from "./environment.ts";
import type { Given, Source } from "./given.ts";
import { isRecord, leavesOf, type Leaf } from "./leaf.ts";
import { ConfigSchema, PlainConfigSchema } from "./schema.ts";
import type { Settings } from "./settings.ts";
import { stackAlertPolicy } from "./stack-alerts.ts";
import { readYaml } from "./yaml-file.ts";

/** The settings that can be given on the command line, by their path. */
export interface ConfigFlags {
  readonly config?: string;
  readonly listen?: string;
  readonly data_dir?: string;
  readonly database?: string;
  /** `--no-checks`, which is `checks.enabled: false`. */
  readonly no_checks?: true;
  readonly location?: string;
  /** Of a worker elsewhere: `worker.hub` and so on. */
  readonly worker?: {
    readonly hub?: string;
    readonly key?: string;
    readonly ca_file?: string;
  };
}

export interface ConfigSurroundings {
  readonly flags: ConfigFlags;
  /** Where it listens when nobody says so, in place of the default of the schema. */
  readonly listen?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths are relative to it, and `belfry.yaml`, `config.yaml` and `.env` are looked for in it. */
  readonly cwd: string;
  /** Reads a text file; throws an error with the code `ENOENT` where there is none. */
  readonly readText: (path: string) => string;
  /** Checks the settings of a channel. */
  readonly parseChannel: ParseChannelSettings;
  /** Checks routes, rules and maintenance windows. */
  readonly parseAlerting: AlertFileParsers;
}

/** Settings to be trusted, or every problem as a line. `notes` are lines a person should see at the start. */
export type LoadedConfig =
  | {
      readonly kind: "ok";
      readonly settings: Settings;
      /** The file that was read, as it was named; null where there is none. */
      readonly file: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

const parsePlain = createParser(PlainConfigSchema);
const defaultListen: HostAndPort = { host: "127.0.0.1", port: 8000 };
const nothing: Source = { given: [], problems: [], notes: [] };

/** Reads and checks everything. */
export function loadConfig(surroundings: ConfigSurroundings): LoadedConfig {
  const { flags, env, cwd, readText } = surroundings;
  const leaves = leavesOf(ConfigSchema);
  const readHere = (path: string): string => readText(resolve(cwd, path));
  const dotEnv = readOptional(readHere, ".env");
  const environment = readEnvironment(env, dotEnv.text, leaves, readHere);
  const file = readFile(flags.config, environment.configFile, readHere, leaves);
  const aliases = environment.aliases(listenOf(file.source) ?? defaultListen);
  const sources = [
    fromFlags(flags, leaves),
    environment.own,
    aliases,
    file.source,
    listensBy(surroundings.listen, leaves),
  ];

  const alerts = environment.alerts(surroundings.parseChannel);
  const problems = [
    ...dotEnv.problems,
    ...sources.flatMap((source) => source.problems),
    ...alerts.problems,
  ];
  const effective = new Map<string, Given>();
  for (const given of sources.flatMap((source) => source.given)) {
    if (!effective.has(given.leaf.path)) effective.set(given.leaf.path, given);
  }
  const whole = check(effective, leaves, surroundings);
  if (whole.kind === "bad") problems.push(...whole.problems);
  if (problems.length > 0 || whole.kind === "bad") return { kind: "bad", problems };
  const notes = [...sources.flatMap((source) => source.notes), ...alerts.notes];
  // Settings of outputs belong to their sinks, and hold what cannot be frozen.
  const { outputs, ...plain } = whole.settings;
  const stack = stackAlertPolicy(plain.monitoringStack.alerts);
  const followed = {
    channels: [...plain.channels, ...alerts.channels, ...stack.channels],
    // Before all others: it lets them go on.
    alertRoutes: [...stack.alertRoutes, ...plain.alertRoutes],
    alertRules: [...plain.alertRules, ...stack.alertRules],
  };
  const frozen = deepFreeze({ ...plain, ...followed });
  const settings = Object.freeze({ ...frozen, outputs: Object.freeze(outputs) });
  return { kind: "ok", settings, file: file.name, notes };
}

type Checked =
  | { readonly kind: "ok"; readonly settings: Settings }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

function check(
  effective: ReadonlyMap<string, Given>,
  leaves: readonly Leaf[],
  { cwd, parseChannel, parseAlerting }: ConfigSurroundings,
): Checked {
  const problems: Problem[] = [];
  const outputs: OutputSettings[] = [];
  const listed = effective.get("outputs")?.value ?? [];
  if (Array.isArray(listed)) {
    for (const [i, item] of listed.slice(0, 20).entries()) {
      const output = parseOutput(item, `outputs[${i}]`);
      if (output.kind === "ok") outputs.push(output.value);
      else problems.push(...output.problems);
    }
    if (listed.length > 20) {
      problems.push({
        path: "outputs",
        message: `expected at most 20 outputs, found ${listed.length}`,
      });
    }
  } else {
    problems.push({
      path: "outputs",
      message: `expected a list of outputs, found ${describe(listed)}`,
    });
  }
  const all = [...effective.values()].filter(isPlain);
  const plain = parsePlain(nested(all));
  if (plain.kind === "bad") problems.push(...plain.problems);
  // What does not fit the schema is left out, so that the other rules speak in the same run.
  const fitting = all.filter(({ leaf }) => !problems.some(({ path }) => isPartOf(path, leaf.path)));
  const usable = plain.kind === "ok" ? plain : parsePlain(nested(fitting));
  const placeOf = (path: string): string => placeIn(path, effective, leaves);
  const parts = { cwd, parseChannel, parseAlerting, placeOf };
  const settings = usable.kind === "ok" ? toSettings(usable.value, outputs, parts) : usable;
  if (settings.kind === "bad") problems.push(...settings.problems);
  if (settings.kind === "ok" && problems.length === 0) {
    return { kind: "ok", settings: settings.value };
  }
  return { kind: "bad", problems: problems.map((problem) => lineOf(problem, effective, leaves)) };
}

function isPlain({ leaf }: Given): boolean {
  return leaf.path !== "outputs";
}

/** Puts values at their places: `{"log.level": "info"}` is `{log: {level: "info"}}`. */
function nested(given: readonly Given[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { leaf, value } of given) {
    let place = root;
    for (const key of leaf.keys.slice(0, -1)) {
      const inner = place[key];
      const next: Record<string, unknown> = isRecord(inner) ? inner : {};
      place[key] = next;
      place = next;
    }
    place[leaf.keys.at(-1) ?? ""] = value;
  }
  return root;
}

/** A problem as one line, with the place its value came from; a secret is not repeated. */
function lineOf(
  problem: Problem,
  effective: ReadonlyMap<string, Given>,
  leaves: readonly Leaf[],
): string {
  const leaf = leaves.find(({ path }) => isPartOf(problem.path, path));
  const message =
    leaf?.secret === true && /, found "/.test(problem.message)
      ? problem.message.replace(/, found ".*$/s, ", found another value (not shown)")
      : problem.message;
  if (leaf === undefined || !effective.has(leaf.path)) {
    return `${problem.path}: ${message} (the default)`;
  }
  return `${placeIn(problem.path, effective, leaves)}: ${message}`;
}

/** The place the value of a path came from; the path itself where nobody gave it. */
function placeIn(
  path: string,
  effective: ReadonlyMap<string, Given>,
  leaves: readonly Leaf[],
): string {
  const leaf = leaves.find((candidate) => isPartOf(path, candidate.path));
  const given = leaf === undefined ? undefined : effective.get(leaf.path);
  if (leaf === undefined || given === undefined) return path;
  return given.where(path.slice(leaf.path.length));
}

function isPartOf(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`);
}

function fromFlags(flags: ConfigFlags, leaves: readonly Leaf[]): Source {
  const { no_checks, worker = {}, ...plain } = flags;
  const flagged = Object.entries(plain).map(([path, value]: [string, unknown]) => ({
    path,
    value,
    name: `--${path.replaceAll("_", "-")}`,
  }));
  for (const [name, value] of Object.entries(worker)) {
    flagged.push({ path: `worker.${name}`, value, name: `--${name.replaceAll("_", "-")}` });
  }
  if (no_checks) flagged.push({ path: "checks.enabled", value: false, name: "--no-checks" });
  const given = flagged.flatMap(({ path, value, name }) => {
    const leaf = leaves.find((candidate) => candidate.path === path);
    if (leaf === undefined || value === undefined) return [];
    return [{ leaf, value, where: () => name }];
  });
  return { ...nothing, given };
}

/** A command may listen elsewhere than a hub when nobody says where. */
function listensBy(listen: string | undefined, leaves: readonly Leaf[]): Source {
  const leaf = leaves.find(({ path }) => path === "listen");
  if (listen === undefined || leaf === undefined) return nothing;
  return { ...nothing, given: [{ leaf, value: listen, where: () => "listen" }] };
}

interface ReadFile {
  readonly name: string | null;
  readonly source: Source;
}

function readFile(
  fromFlag: string | undefined,
  fromVariable: string | undefined,
  readHere: (path: string) => string,
  leaves: readonly Leaf[],
): ReadFile {
  const named = fromFlag ?? fromVariable;
  if (named !== undefined) {
    const place = fromFlag === undefined ? "environment: BELFRY_CONFIG" : "--config";
    const { text, problems } = readOptional(readHere, named);
    if (text !== undefined) return readSettings(named, text, leaves, false);
    const problem = problems[0] ?? `${named}: there is no such file`;
    return { name: null, source: { ...nothing, problems: [`${place}: ${problem}`] } };
  }
  for (const name of ["belfry.yaml", "config.yaml"]) {
    const { text, problems } = readOptional(readHere, name);
    if (problems.length > 0) return { name: null, source: { ...nothing, problems } };
    if (text !== undefined) return readSettings(name, text, leaves, name === "config.yaml");
  }
  return { name: null, source: nothing };
}

/** `onlyAmaunator`: a file found by itself under a name that many programs use is left alone when it is another's. */
function readSettings(
  name: string,
  text: string,
  leaves: readonly Leaf[],
  onlyAmaunator: boolean,
): ReadFile {
  const yaml = readYaml(text);
  if (yaml.kind === "bad") {
    const problems = yaml.problems.map(({ line, message }) => `${name}:${line}: ${message}`);
    return { name, source: { ...nothing, problems } };
  }
  if (isAmaunatorFile(yaml.value) && !isBelfryFile(yaml.value.entries ?? [])) {
    return { name, source: readAmaunatorFile(yaml.value, name, leaves, defaultListen) };
  }
  if (onlyAmaunator) {
    const notes = [`${name} is not read: it has none of Amaunator's keys log_level, api, output`];
    return { name: null, source: { ...nothing, notes } };
  }
  return { name, source: readBelfryFile(yaml.value, name, ConfigSchema, leaves) };
}

function isBelfryFile(entries: readonly { readonly key: string }[]): boolean {
  return entries.some(({ key }) => Object.hasOwn(ConfigSchema.properties, key));
}

function readOptional(
  readHere: (path: string) => string,
  path: string,
): { readonly text: string | undefined; readonly problems: readonly string[] } {
  try {
    return { text: readHere(path), problems: [] };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    if (code === "ENOENT") return { text: undefined, problems: [] };
    return { text: undefined, problems: [`${path}: cannot be read (${code})`] };
  }
}

function listenOf(source: Source): HostAndPort | undefined {
  const value = source.given.find(({ leaf }) => leaf.path === "listen")?.value;
  return typeof value === "string" ? parseHostAndPort(value) : undefined;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
