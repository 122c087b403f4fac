/** The command line of `belfry spool`: what is parsed and what help prints. */
import { parseArgs } from "node:util";

export interface SpoolOption {
  /** What follows it; null for a switch. */
  readonly value: string | null;
  readonly help: string;
}

/** All options; which command takes which is in `spoolCommands`. */
export const spoolOptions = {
  "spool-dir": {
    value: "DIR",
    help: "the spool (BELFRY_SIDECAR_SPOOL_DIR, else ./data/sidecar-spool)",
  },
  sink: { value: "NAME", help: "dead letters of this sink" },
  from: { value: "SEQUENCE", help: "the first to be shown" },
  to: { value: "SEQUENCE", help: "the last to be shown" },
  limit: { value: "COUNT", help: "show so many at most" },
  json: { value: null, help: "as JSON" },
  repair: { value: null, help: "set aside what is damaged, as the sidecar does when it starts" },
} as const satisfies Record<string, SpoolOption>;

export type SpoolOptionName = keyof typeof spoolOptions;

interface SpoolCommandSpec {
  readonly summary: string;
  readonly options: readonly SpoolOptionName[];
  /** What stands behind it without dashes. */
  readonly rest?: string;
}

export const spoolCommands = {
  ls: {
    summary: "list segments, and for each sink its place, what waits, and dead letters",
    options: ["spool-dir", "json"],
  },
  show: {
    summary: "print events, or the dead letters of a sink, as lines of JSON",
    options: ["spool-dir", "sink", "from", "to", "limit"],
  },
  replay: {
    summary: "put dead letters of a sink back, to be delivered to it again",
    options: ["spool-dir", "sink"],
    rest: "all|SEQUENCE…",
  },
  fsck: {
    summary: "read every byte and report damage; ends with 3 when there is some",
    options: ["spool-dir", "json", "repair"],
  },
} as const satisfies Record<string, SpoolCommandSpec>;

export type SpoolCommandName = keyof typeof spoolCommands;

/** A command line that was understood. */
export interface SpoolLine {
  readonly kind: "run";
  readonly command: SpoolCommandName;
  readonly folder: string;
  readonly sink: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly isJson: boolean;
  readonly isRepair: boolean;
  /** For `replay`. */
  readonly letters: "all" | readonly number[];
}

export type ParsedSpoolLine =
  | SpoolLine
  | { readonly kind: "help" | "version" }
  | { readonly kind: "wrong"; readonly message: string };

/** Reads a command line; the first thing that is wrong is told. */
export function parseSpoolLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedSpoolLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(
        Object.entries<SpoolOption>(spoolOptions).map(([name, { value }]) => [
          name,
          { type: value === null ? ("boolean" as const) : ("string" as const) },
        ]),
      ),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "V" },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values["help"] === true) return { kind: "help" };
  if (values["version"] === true) return { kind: "version" };
  const [command, ...rest] = positionals;
  if (command === undefined || !isCommand(command)) {
    const all = Object.keys(spoolCommands).join(", ");
    return wrong(`expected one of ${all}, found ${command ?? "nothing"}`);
  }
  const spec: SpoolCommandSpec = spoolCommands[command];
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!isOption(name) || !spec.options.includes(name)) {
      return wrong(`${rawName} is not one of the options of ${command}`);
    }
    const expected = spoolOptions[name].value;
    if (expected === null && value !== undefined) return wrong(`${rawName} takes no value`);
    if (expected !== null && (value === undefined || value === "" || value.startsWith("--"))) {
      return wrong(`${rawName}: expected ${expected}, found nothing`);
    }
  }
  return lineOf(command, values, rest, env);
}

type Values = Readonly<Record<string, unknown>>;

function lineOf(
  command: SpoolCommandName,
  values: Values,
  rest: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedSpoolLine {
  const text = (name: SpoolOptionName): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const spec: SpoolCommandSpec = spoolCommands[command];
  const [first] = rest;
  if (spec.rest === undefined && first !== undefined) {
    return wrong(`expected an option, found ${first}`);
  }
  const numbers = { from: 1, to: Infinity, limit: Infinity };
  for (const name of ["from", "to", "limit"] as const) {
    const given = text(name);
    if (given === undefined) continue;
    if (!isSequence(given)) return wrong(`--${name}: expected a number above 0, found ${given}`);
    numbers[name] = Number(given);
  }
  const sink = text("sink");
  let letters: SpoolLine["letters"] = "all";
  if (command === "replay") {
    if (sink === undefined) return wrong("--sink is needed: whose dead letters?");
    if (first === undefined) return wrong(`expected ${spec.rest}, found nothing`);
    const strange = rest.find((one) => !isSequence(one));
    if (first !== "all" || rest.length > 1) {
      if (strange !== undefined) return wrong(`expected ${spec.rest}, found ${strange}`);
      letters = rest.map(Number);
    }
  }
  const folder =
    text("spool-dir") ||
    env["BELFRY_SIDECAR_SPOOL_DIR"] ||
    env["SPOOL_DIR"] ||
    "data/sidecar-spool";
  return {
    kind: "run",
    command,
    folder,
    sink,
    ...numbers,
    isJson: values["json"] === true,
    isRepair: values["repair"] === true,
    letters,
  };
}

/** What `belfry spool --help` prints. */
export function spoolHelp(): string {
  const commands = Object.entries<SpoolCommandSpec>(spoolCommands).map(
    ([name, { summary, rest }]) =>
      [rest === undefined ? name : `${name} ${rest}`, summary] as const,
  );
  const options = Object.entries<SpoolOption>(spoolOptions).map(([name, { value, help }]) => {
    const takers = Object.entries<SpoolCommandSpec>(spoolCommands).flatMap(([command, spec]) =>
      isOption(name) && spec.options.includes(name) ? [command] : [],
    );
    const isForAll = takers.length === Object.keys(spoolCommands).length;
    const suffix = isForAll ? "" : ` (${takers.join(", ")})`;
    return [value === null ? `--${name}` : `--${name} ${value}`, help + suffix] as const;
  });
  return [
    "belfry spool COMMAND [OPTIONS]",
    "",
    "Looks into the spool of a sidecar. ls, show and fsck change nothing and work beside a running one;",
    "replay and fsck --repair need it stopped.",
    "",
    "Commands:",
    ...columns(commands),
    "",
    "Options:",
    ...columns([...options, ["--help", "print this"], ["--version", "print the version"]]),
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function isCommand(text: string): text is SpoolCommandName {
  return Object.hasOwn(spoolCommands, text);
}

function isOption(text: string): text is SpoolOptionName {
  return Object.hasOwn(spoolOptions, text);
}

function isSequence(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}

function wrong(message: string): ParsedSpoolLine {
  return { kind: "wrong", message };
}
