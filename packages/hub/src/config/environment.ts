/**
 * What the environment gives: `BELFRY_<PATH>` for every setting, `<name>_FILE` for secrets, and the names other systems
 * gave the same things. What is not in the environment is looked up in `.env`. An empty value counts as not set.
 */
import { parseEnv } from "node:util";
import { hostAndPortText, type HostAndPort } from "./address.ts";
import { readAlertEnvironment } from "./alert-environment.ts";
import type { AlertEnvironment, ParseChannelSettings } from "./alert-environment.ts";
import type { Given, Source } from "./given.ts";
import type { Leaf } from "./leaf.ts";
import { levelOf } from "./level.ts";
import { didYouMean } from "./suggest.ts";
import { valueOfText } from "./text-value.ts";

/** One variable: its text, and how a message names the place. */
interface Variable {
  readonly name: string;
  readonly text: string;
  readonly place: string;
}

export interface Environment {
  readonly own: Source;
  /** Values from aliases. `listen` may name only a host or a port; the other part is taken from `listen`. */
  aliases(listen: HostAndPort): Source;
  /** Channels by the names Sentinel gave its alert providers. */
  alerts(parse: ParseChannelSettings): AlertEnvironment;
  /** The value of `BELFRY_CONFIG`. */
  readonly configFile: string | undefined;
}

/** Variables that are ours and no settings. */
const notSettings = ["BELFRY_CONFIG"];
/** Kubernetes sets these for a service that is called `belfry`. */
const serviceLink =
  /^BELFRY_(SERVICE_(HOST|PORT(_.*)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Reads the environment. `readText` throws when a file cannot be read. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  dotEnv: string | undefined,
  leaves: readonly Leaf[],
  readText: (path: string) => string,
): Environment {
  const layers = [fromProcess(env), ...(dotEnv === undefined ? [] : [fromDotEnv(dotEnv)])];
  const problems: string[] = [];

  /**
   * The value of one name, read from a file where `<name>_FILE` says so; from the first layer that has either. Names of
   * other systems are taken in any case, as the systems do; several that disagree are a problem.
   */
  function lookUp(name: string, asFile: boolean, anyCase: boolean): Variable | undefined {
    const isNamed = (variable: Variable, wanted: string): boolean =>
      (anyCase ? variable.name.toUpperCase() : variable.name) === wanted;
    for (const layer of layers) {
      const direct = layer.filter((variable) => isNamed(variable, name));
      const files = asFile ? layer.filter((variable) => isNamed(variable, `${name}_FILE`)) : [];
      if (direct.length + files.length === 0) continue;
      const usable = [...direct, ...files.map(fromFile)].filter((found) => found !== undefined);
      const [first, ...others] = usable;
      const other = others.find(({ text }) => text !== first?.text);
      if (first !== undefined && other !== undefined) {
        problems.push(`${other.place}: disagrees with ${first.name}; remove one of them`);
      }
      return first;
    }
    return undefined;
  }
  function fromFile(variable: Variable): Variable | undefined {
    try {
      return { ...variable, text: readText(variable.text).replace(/\r?\n$/, "") };
    } catch (error) {
      const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
      problems.push(`${variable.place}: expected a file that can be read, found ${why}`);
      return undefined;
    }
  }
  function take(): string[] {
    return problems.splice(0);
  }

  const own: Given[] = [];
  for (const leaf of leaves) {
    const found = lookUp(leaf.variable, leaf.secret, false);
    if (found !== undefined) own.push(givenBy(leaf, found, valueOfText(leaf.schema, found.text)));
  }
  const ownProblems = [...unknownNames(layers, leaves), ...take()];
  return {
    own: { given: own, problems: ownProblems, notes: [] },
    configFile: lookUp("BELFRY_CONFIG", false, false)?.text,
    alerts: (parse) => {
      const read = readAlertEnvironment((name, asFile) => lookUp(name, asFile, true), parse);
      return { ...read, problems: [...take(), ...read.problems] };
    },
    aliases: (listen) => {
      const lookUpAlias = (name: string, asFile: boolean): Variable | undefined =>
        lookUp(name, asFile, true);
      const { given, notes } = readAliases(leaves, own, lookUpAlias, listen);
      return { given, notes, problems: take() };
    },
  };
}

type Layer = readonly Variable[];

function fromProcess(env: Readonly<Record<string, string | undefined>>): Layer {
  return Object.entries(env).flatMap(([name, text]) =>
    text === undefined || text === "" ? [] : [{ name, text, place: `environment: ${name}` }],
  );
}

function fromDotEnv(text: string): Layer {
  const lines = text.split("\n");
  return Object.entries(parseEnv(text)).flatMap(([name, value]) => {
    if (value === undefined || value === "") return [];
    const line = lines.findLastIndex((candidate) =>
      new RegExp(String.raw`^\s*(export\s+)?${name}\s*=`).test(candidate),
    );
    return [{ name, text: value, place: `.env:${line + 1}: ${name}` }];
  });
}

function givenBy(leaf: Leaf, variable: Variable, value: unknown): Given {
  return { leaf, value, where: (part) => variable.place + part };
}

function unknownNames(layers: readonly Layer[], leaves: readonly Leaf[]): string[] {
  const known = new Set([
    ...notSettings,
    ...leaves.map(({ variable }) => variable),
    ...leaves.filter(({ secret }) => secret).map(({ variable }) => `${variable}_FILE`),
  ]);
  return layers
    .flat()
    .filter(({ name }) => name.startsWith("BELFRY_") && !known.has(name) && !serviceLink.test(name))
    .map(({ name, place }) => `${place}: is not a known setting${didYouMean(name, [...known])}`);
}

function readAliases(
  leaves: readonly Leaf[],
  own: readonly Given[],
  lookUp: (name: string, asFile: boolean) => Variable | undefined,
  listen: HostAndPort,
): Pick<Source, "given" | "notes"> {
  const given: Given[] = [];
  const notes: string[] = [];
  const note = (variable: Variable, leaf: Leaf): void => {
    const beaten = own.some((other) => other.leaf === leaf);
    notes.push(
      beaten
        ? `${variable.name} is not used: ${leaf.variable} goes before it`
        : `${variable.name} is used as ${leaf.path}`,
    );
  };
  for (const leaf of leaves) {
    const found = leaf.aliases.flatMap((name) => {
      const variable = lookUp(name, leaf.secret);
      return variable === undefined ? [] : [{ alias: name, variable }];
    });
    const [first] = found;
    if (first === undefined) continue;
    for (const { variable } of found) note(variable, leaf);
    const textOf = (alias: string): string | undefined =>
      found.find((candidate) => candidate.alias === alias)?.variable.text;
    const { text } = first.variable;
    if (leaf.path === "listen") {
      const host = textOf("API_HOST") ?? listen.host;
      const port = textOf("API_PORT") ?? String(listen.port);
      const last = found.at(-1)?.variable ?? first.variable;
      given.push(givenBy(leaf, last, hostAndPortText({ host, port })));
    } else if (leaf.path === "log.level") {
      given.push(givenBy(leaf, first.variable, levelOf(text)));
    } else {
      given.push(givenBy(leaf, first.variable, valueOfText(leaf.schema, text)));
    }
  }
  return { given, notes };
}
