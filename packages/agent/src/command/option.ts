/**
 * Options of the agent's commands: flags and variables, without a library. Whatever is wrong is one line that names the
 * flag or the variable it came from.
 */
import { readFileSync } from "node:fs";

/** An option as it is documented. */
export interface OptionSpec {
  /** Without `--`. */
  readonly flag: string;
  /** In the environment, the first that is set and not empty counts; null: a flag only. */
  readonly variables: readonly string[];
  /** What stands for the value in the help; null: it takes none. */
  readonly value: string | null;
  /** May be given more than once. */
  readonly repeats?: boolean;
  /** What separates several in a variable; a comma unless set. */
  readonly separator?: RegExp;
  /** `<variable>_FILE` names a file that holds the value. */
  readonly secret?: boolean;
  readonly help: string;
}

/** A value and where it came from: `--interval`, `BELFRY_AGENT_INTERVAL`. */
export interface Given {
  readonly text: string;
  readonly from: string;
}

/** Something in the settings is wrong; the message is one line. */
export class SettingsError extends Error {}

export interface Options<Name extends string> {
  /** The last value given; undefined: none. */
  one(name: Name): Given | undefined;
  /** All values of an option that repeats; those of a variable are separated. */
  all(name: Name): readonly Given[];
  has(name: Name): boolean;
}

/** Reads the arguments after the command, and the environment. Throws `SettingsError`. */
export function readOptions<Name extends string>(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  table: Readonly<Record<Name, OptionSpec>>,
): Options<Name> {
  const flags = readFlags(args, Object.values<OptionSpec>(table));
  const fromFlags = (name: Name): readonly Given[] => flags.get(table[name].flag) ?? [];
  return {
    one: (name) => fromFlags(name).at(-1) ?? fromEnvironment(table[name], env),
    all: (name) => {
      if (fromFlags(name).length > 0) return fromFlags(name);
      const given = fromEnvironment(table[name], env);
      const texts =
        given?.text.split(table[name].separator ?? ",").map((text) => text.trim()) ?? [];
      return texts.filter((text) => text !== "").map((text) => ({ text, from: given?.from ?? "" }));
    },
    has: (name) => fromFlags(name).length > 0,
  };
}

function readFlags(
  args: readonly string[],
  specs: readonly OptionSpec[],
): Map<string, readonly Given[]> {
  const found = new Map<string, readonly Given[]>();
  for (let place = 0; place < args.length; place += 1) {
    const arg = args[place] ?? "";
    if (!arg.startsWith("--")) throw new SettingsError(`expected an option, found ${arg}`);
    const [flag = "", ...rest] = arg.slice(2).split("=");
    const spec = specs.find((one) => one.flag === flag);
    if (spec === undefined) throw new SettingsError(`there is no option --${flag}`);
    let text = rest.length > 0 ? rest.join("=") : undefined;
    if (spec.value === null) {
      if (text !== undefined) throw new SettingsError(`--${flag}: takes no value`);
      text = "";
    } else if (text === undefined) {
      place += 1;
      text = args[place];
      if (text === undefined || text.startsWith("--")) {
        throw new SettingsError(`--${flag}: expected ${spec.value} behind it`);
      }
    }
    const before = found.get(flag) ?? [];
    if (before.length > 0 && spec.repeats !== true) {
      throw new SettingsError(`--${flag}: is there twice`);
    }
    found.set(flag, [...before, { text, from: `--${flag}` }]);
  }
  return found;
}

function fromEnvironment(
  spec: OptionSpec,
  env: Readonly<Record<string, string | undefined>>,
): Given | undefined {
  for (const variable of spec.variables) {
    const text = env[variable];
    if (text !== undefined && text !== "") return { text, from: variable };
    const path = spec.secret === true ? env[`${variable}_FILE`] : undefined;
    if (path !== undefined && path !== "") {
      return { text: readSecret(path, `${variable}_FILE`), from: `${variable}_FILE` };
    }
  }
  return undefined;
}

/** The text of a file that holds a secret, without line ends around it. */
export function readSecret(path: string, from: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new SettingsError(
      `${from}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (text === "") throw new SettingsError(`${from}: ${path} is empty`);
  return text;
}

/** A number within bounds. */
export function numberOf(
  { text, from }: Given,
  { least, most, unit, whole = false }: Bounds,
): number {
  const value = Number(text);
  const fits = text.trim() !== "" && value >= least && value <= most;
  if (!fits || (whole && !Number.isInteger(value))) {
    const kind = whole ? "a whole number" : "a number";
    throw new SettingsError(
      `${from}: expected ${kind}${unit === "" ? "" : ` of ${unit}`} from ${least} to ${most}, found ${text}`,
    );
  }
  return value;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly whole?: boolean;
}

/** The lines of a table of options, for `--help`. */
export function optionLines(specs: readonly OptionSpec[]): string[] {
  const left = specs.map(({ flag, value }) => `--${flag}${value === null ? "" : ` ${value}`}`);
  const width = Math.max(...left.map((text) => text.length));
  return specs.map(({ help, variables, secret }, place) => {
    const names = variables.flatMap((name) => (secret === true ? [name, `${name}_FILE`] : [name]));
    const also = names.length === 0 ? "" : ` (${names.join(", ")})`;
    return `  ${(left[place] ?? "").padEnd(width)}  ${help}${also}`;
  });
}
