/** Reads the command line. Whatever is wrong is one line that names it. */
import { parseArgs } from "node:util";
import { didYouMean } from "../config/suggest.ts";
import type { ConfigFlags } from "../config/load.ts";
import {
  commands,
  commonOptions,
  options,
  type CommandName,
  type CommandSpec,
  type OptionName,
  type OptionSpec,
} from "./table.ts";

export interface Command {
  readonly name: CommandName;
  readonly positionals: readonly string[];
  readonly flags: ConfigFlags;
  readonly json: boolean;
  readonly scopes: readonly string[];
  /** Of `db copy`, where given. */
  readonly from?: string;
  /** Of `backup` and `db copy`, where given. */
  readonly to?: string;
  /** Of `restore`. */
  readonly force?: boolean;
  /** Of `worker`, where given. */
  readonly keyFile?: string;
  /** Of `probe`, where given. */
  readonly probe?: { readonly timeout?: string; readonly set?: readonly string[] };
}

export type ParsedCommand =
  | { readonly kind: "run"; readonly command: Command }
  /** Help was asked for; of one command, or of all. */
  | { readonly kind: "help"; readonly name: CommandName | null }
  | { readonly kind: "version" }
  | { readonly kind: "wrong"; readonly message: string };

const groups = [...new Set(Object.keys(commands).map(firstWord))];

/** Reads the arguments after the program's name. */
export function parseCommand(argv: readonly string[]): ParsedCommand {
  const words = argv.slice(0, 2);
  const first = words[0];
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    return { kind: "help", name: null };
  }
  if (first === "--version" || first === "-V") return { kind: "version" };
  const name = commandOf(words);
  if (name === undefined) return wrongName(words);
  const rest = argv.slice(name.split(" ").length);
  const parsed = parseOptions(rest, commands[name]);
  if (typeof parsed === "string") return wrong(`${name}: ${parsed}`);
  if (parsed.values.has("help")) return { kind: "help", name };
  const problem = positionalProblem(commands[name], parsed.positionals);
  if (problem !== undefined) return wrong(`${name}: ${problem}`);
  const text = (option: OptionName): string | undefined => parsed.values.get(option)?.at(-1);
  const [from, to, keyFile] = [text("from"), text("to"), text("key-file")];
  return {
    kind: "run",
    command: {
      name,
      positionals: parsed.positionals,
      flags: flagsOf(text),
      json: parsed.values.has("json"),
      scopes: parsed.values.get("scope") ?? [],
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(keyFile === undefined ? {} : { keyFile }),
      ...(parsed.values.has("force") ? { force: true } : {}),
      ...(name === "probe" ? { probe: probeOptions(parsed, text("timeout")) } : {}),
    },
  };
}

function probeOptions(
  { values }: ParsedOptions,
  timeout: string | undefined,
): NonNullable<Command["probe"]> {
  const set = values.get("set");
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(set === undefined ? {} : { set }),
  };
}

function flagsOf(text: (option: OptionName) => string | undefined): ConfigFlags {
  const given = {
    config: text("config"),
    data_dir: text("data-dir"),
    listen: text("listen"),
    database: text("database"),
    no_checks: text("no-checks") === undefined ? undefined : (true as const),
    location: text("location"),
    worker: workerFlags(text),
  };
  return onlyGiven(given);
}

function workerFlags(text: (option: OptionName) => string | undefined): ConfigFlags["worker"] {
  const given = { hub: text("hub"), key: text("key"), ca_file: text("ca-file") };
  const there = onlyGiven(given);
  return Object.keys(there).length === 0 ? undefined : there;
}

/** Guarantee: what is left has the names and values it had. */
function onlyGiven<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function commandOf(words: readonly string[]): CommandName | undefined {
  return [words.join(" "), words[0] ?? ""].find(isCommand);
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

function firstWord(name: string): string {
  return name.split(" ")[0] ?? name;
}

function wrongName([first = "", second]: readonly string[]): ParsedCommand {
  const inGroup = Object.keys(commands).filter((name) => name.startsWith(`${first} `));
  if (inGroup.length === 0) {
    if (first.startsWith("-")) return wrong(`expected a command first, found ${first}`);
    return wrong(`there is no command ${first}${didYouMean(first, groups)}`);
  }
  const known = inGroup.map((name) => name.slice(first.length + 1));
  if (second === "--help" || second === "-h") return { kind: "help", name: null };
  const found = second === undefined ? "nothing" : second;
  return wrong(`${first}: expected one of ${known.join(", ")}, found ${found}`);
}

interface ParsedOptions {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/** Options and positionals, or what is wrong with them. */
function parseOptions(args: readonly string[], spec: CommandSpec): ParsedOptions | string {
  const allowed: readonly OptionName[] = [...commonOptions, ...spec.options];
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(
        allowed.map((name) => [
          name,
          { type: options[name].value === null ? ("boolean" as const) : ("string" as const) },
        ]),
      ),
      help: { type: "boolean", short: "h" },
    },
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = allowed.find((candidate) => candidate === name);
    if (option === undefined) {
      const hint = didYouMean(name, allowed);
      return `${rawName} is not one of its options${hint.replace("mean ", "mean --")}`;
    }
    const problem = optionProblem(options[option], rawName, value, values.has(name));
    if (problem !== undefined) return problem;
    values.set(name, [...(values.get(name) ?? []), value ?? ""]);
  }
  return { values, positionals };
}

function optionProblem(
  spec: OptionSpec,
  rawName: string,
  value: string | undefined,
  isAgain: boolean,
): string | undefined {
  if (isAgain && spec.many !== true && spec.value !== null) return `${rawName} is given twice`;
  if (spec.value === null) {
    return value === undefined ? undefined : `${rawName} takes no value, found ${value}`;
  }
  if (value === undefined || value === "" || value.startsWith("--")) {
    const found = value === undefined || value === "" ? "nothing" : value;
    return `${rawName}: expected ${spec.value}, found ${found}`;
  }
  return undefined;
}

function positionalProblem(spec: CommandSpec, found: readonly string[]): string | undefined {
  const missing = spec.positionals[found.length];
  if (missing !== undefined) return `expected ${missing}, found nothing`;
  const extra = found[spec.positionals.length];
  return extra === undefined ? undefined : `expected nothing more, found ${extra}`;
}

function wrong(message: string): ParsedCommand {
  return { kind: "wrong", message };
}
