/** Channels, routes, rules and maintenance windows of `belfry.yaml`: what is wrong with them, and what they come to. */
import type { Parsed, Problem } from "@belfry/contract";
import type { ParseChannelSettings } from "./alert-environment.ts";
import type { PlainConfig } from "./schema.ts";
import type { ManagedChannel, ManagedRoute, ManagedRule, ManagedWindow } from "./settings.ts";

/** Reads one entry of each list; problems are named by their path within the entry. */
export interface AlertFileParsers {
  /** A route with names of channels, whose places are their paths within the entry. */
  readonly route: (entry: unknown) => Parsed<ManagedRoute>;
  /** An own rule; or a built-in one, followed by those that take its place for some. */
  readonly rule: (entry: unknown) => Parsed<readonly ManagedRule[]>;
  readonly window: (entry: unknown) => Parsed<ManagedWindow>;
}

/** What `belfry.yaml` says about alerts. */
export interface AlertFile {
  readonly channels: readonly ManagedChannel[];
  readonly alertRoutes: readonly ManagedRoute[];
  readonly alertRules: readonly ManagedRule[];
  readonly maintenance: readonly ManagedWindow[];
}

export interface AlertFileParts {
  readonly parseChannel: ParseChannelSettings;
  readonly parseAlerting: AlertFileParsers;
  /** Says where the value of a path was found: `belfry.yaml:4: alert_routes[0].channels[1]`. */
  readonly placeOf: (path: string) => string;
}

/** What follows the file. */
export const byFile = "belfry.yaml";

/** Reads the four lists; problems are added at their paths. */
export function readAlertFile(
  config: PlainConfig,
  { parseChannel, parseAlerting, placeOf }: AlertFileParts,
  problems: Problem[],
): AlertFile {
  const routes = entriesOf("alert_routes", config.alert_routes, parseAlerting.route, problems);
  const rules = entriesOf("alert_rules", config.alert_rules, parseAlerting.rule, problems);
  const windows = entriesOf("maintenance", config.maintenance, parseAlerting.window, problems);
  expectOthers(
    routes.map(({ at, value }) => ({ at, key: "name", value: value.route.name })),
    problems,
  );
  expectOthers(
    windows.map(({ at, value }) => ({ at, key: "name", value: value.name })),
    problems,
  );
  expectOthers(
    rules.flatMap(({ at, value }) => ruleNames(at, value)),
    problems,
  );
  return {
    channels: channelsOf(config.channels, parseChannel, problems),
    alertRoutes: routes.map(({ at, value }) =>
      withPlaces(value, (path) => placeOf(`${at}.${path}`)),
    ),
    alertRules: rules.flatMap(({ value }) => value),
    maintenance: windows.map(({ value }) => value),
  };
}

interface Entry<T> {
  /** `alert_routes[0]`. */
  readonly at: string;
  readonly value: T;
}

function entriesOf<T>(
  list: string,
  written: readonly unknown[],
  parse: (entry: unknown) => Parsed<T>,
  problems: Problem[],
): readonly Entry<T>[] {
  return written.flatMap((entry, i) => {
    const at = `${list}[${i}]`;
    const parsed = parse(entry);
    if (parsed.kind === "ok") return [{ at, value: parsed.value }];
    for (const { path, message } of parsed.problems) {
      problems.push({ path: path === "" ? at : `${at}.${path}`, message });
    }
    return [];
  });
}

interface Named {
  readonly at: string;
  readonly key: "id" | "name";
  readonly value: string;
}

/** Own rules go by their names, built-in ones by their ids. */
function ruleNames(at: string, rules: readonly ManagedRule[]): readonly Named[] {
  const [first, ...others] = rules;
  if (first === undefined) return [];
  const own = (place: string, { rule }: ManagedRule): Named => ({
    at: place,
    key: "name",
    value: rule.name,
  });
  if (first.builtIn === null) return [own(at, first)];
  const overrides = others.map((rule, i) => own(`${at}.overrides[${i}]`, rule));
  return [{ at, key: "id", value: first.builtIn }, ...overrides];
}

/** Two of one name could not be told apart. */
function expectOthers(named: readonly Named[], problems: Problem[]): void {
  const known = new Map<string, string>();
  for (const { at, key, value } of named) {
    const other = known.get(`${key} ${value}`);
    if (other === undefined) known.set(`${key} ${value}`, at);
    else {
      const message = `expected another ${key} than ${value}, which ${other} has`;
      problems.push({ path: `${at}.${key}`, message });
    }
  }
}

function withPlaces(route: ManagedRoute, placeOf: (path: string) => string): ManagedRoute {
  const placed = (channels: ManagedRoute["channels"]): ManagedRoute["channels"] =>
    channels.map(({ name, place }) => ({ name, place: placeOf(place) }));
  return {
    ...route,
    channels: placed(route.channels),
    escalation: route.escalation.map((step) => ({ ...step, channels: placed(step.channels) })),
  };
}

function channelsOf(
  written: PlainConfig["channels"],
  parseChannel: ParseChannelSettings,
  problems: Problem[],
): readonly ManagedChannel[] {
  const channels = written.map(({ name, kind, enabled, is_default, is_fallback, settings }, i) => {
    const at = `channels[${i}]`;
    const parsed = parseChannel(kind, settings);
    if (parsed.kind === "bad") {
      for (const { path, message } of parsed.problems) {
        problems.push({ path: path === "" ? `${at}.kind` : `${at}.settings.${path}`, message });
      }
    }
    const flags = { enabled, isDefault: is_default, isFallback: is_fallback };
    return { name, kind, ...flags, settings, managedBy: byFile };
  });
  expectOthers(
    channels.map(({ name }, i) => ({ at: `channels[${i}]`, key: "name", value: name })),
    problems,
  );
  return channels;
}
