/**
 * Channels that follow the environment: Sentinel's variables for its alert providers. `ALERT_PROVIDERS` says which of them
 * are used; where it is not set, each whose variables are there is.
 */
import type { Parsed, Problem } from "@belfry/contract";
import type { ManagedChannel } from "./settings.ts";

/** One variable: its text, and how a message names the place. */
export interface AlertVariable {
  readonly name: string;
  readonly text: string;
  readonly place: string;
}

/** Checks the settings of a kind of channels; problems are named by their path within them. */
export type ParseChannelSettings = (
  kind: string,
  settings: Readonly<Record<string, unknown>>,
) => Parsed<unknown>;

/** What the variables come to. Problems are whole lines. */
export interface AlertEnvironment {
  readonly channels: readonly ManagedChannel[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

interface Provider {
  /** As `ALERT_PROVIDERS` has it; the kind of the channel as well. */
  readonly kind: "slack" | "discord" | "email";
  /** Without these it cannot be used; the channel follows the first. */
  readonly needs: readonly [string, ...string[]];
  /** The variable of each setting. */
  readonly variables: Readonly<Record<string, string>>;
  settings(text: (name: string) => string | undefined): Readonly<Record<string, unknown>>;
}

const providers: readonly Provider[] = [
  {
    kind: "slack",
    needs: ["SLACK_WEBHOOK_URL"],
    variables: { webhook_url: "SLACK_WEBHOOK_URL" },
    settings: (text) => ({ webhook_url: text("SLACK_WEBHOOK_URL") }),
  },
  {
    kind: "discord",
    needs: ["DISCORD_WEBHOOK_URL"],
    variables: { webhook_url: "DISCORD_WEBHOOK_URL" },
    settings: (text) => ({ webhook_url: text("DISCORD_WEBHOOK_URL") }),
  },
  {
    kind: "email",
    needs: ["SMTP_HOST", "ALERT_EMAIL_TO"],
    variables: {
      host: "SMTP_HOST",
      port: "SMTP_PORT",
      username: "SMTP_USER",
      password: "SMTP_PASSWORD",
      from: "ALERT_EMAIL_FROM",
      to: "ALERT_EMAIL_TO",
    },
    settings: mailSettings,
  },
];

/** The variables that are read, in the order of the documentation, and what each is. */
export const alertVariables: readonly (readonly [string, string])[] = [
  ["ALERT_PROVIDERS", "which of `slack`, `discord`, `email` are used; unset: each that is there"],
  ["SLACK_WEBHOOK_URL", "a channel `slack`"],
  ["DISCORD_WEBHOOK_URL", "a channel `discord`"],
  ["SMTP_HOST", "a channel `email`: its server"],
  ["SMTP_PORT", "its port, default 587; with 465 it is encrypted from the first byte"],
  ["SMTP_USER", "its user; without one, encryption is used where the server offers it"],
  ["SMTP_PASSWORD", "its password"],
  ["ALERT_EMAIL_FROM", "who the mails are from; unset: `SMTP_USER`"],
  ["ALERT_EMAIL_TO", "who they are to, separated by commas"],
];

const flags = { enabled: true, isDefault: true, isFallback: false } as const;

const secrets: ReadonlySet<string> = new Set([
  "SLACK_WEBHOOK_URL",
  "DISCORD_WEBHOOK_URL",
  "SMTP_PASSWORD",
]);

/** Reads the variables; `lookUp` reads secrets from the file that `<name>_FILE` says as well. */
export function readAlertEnvironment(
  lookUp: (name: string, asFile: boolean) => AlertVariable | undefined,
  parse: ParseChannelSettings,
): AlertEnvironment {
  const found = new Map<string, AlertVariable>();
  for (const [name] of alertVariables) {
    const variable = lookUp(name, secrets.has(name));
    if (variable !== undefined) found.set(name, variable);
  }
  const wanted = found.get("ALERT_PROVIDERS");
  const chosen = wanted === undefined ? undefined : namesIn(wanted.text);
  const channels: ManagedChannel[] = [];
  const problems = wanted === undefined ? [] : unknownProviders(wanted);
  const notes: string[] = [];
  for (const provider of providers) {
    const isChosen = chosen === undefined || chosen.includes(provider.kind);
    const missing = provider.needs.find((name) => !found.has(name));
    const first = found.get(provider.needs[0]);
    if (!isChosen) {
      if (first !== undefined)
        notes.push(`${first.name} is not used: ALERT_PROVIDERS leaves it out`);
    } else if (missing !== undefined) {
      if (wanted !== undefined) problems.push(`${wanted.place}: ${provider.kind} needs ${missing}`);
      else if (first !== undefined) notes.push(`${first.name} is not used: ${missing} is not set`);
    } else {
      const read = channelOf(provider, found, parse);
      problems.push(...read.problems);
      if (read.channel !== undefined) channels.push(read.channel);
      notes.push(`${provider.needs[0]} is used as a channel`);
    }
  }
  return { channels, problems, notes };
}

function namesIn(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== "");
}

function unknownProviders({ text, place }: AlertVariable): string[] {
  const known = providers.map(({ kind }): string => kind);
  return namesIn(text)
    .filter((name) => !known.includes(name))
    .map((name) => `${place}: expected some of ${known.join(", ")}, found ${JSON.stringify(name)}`);
}

function channelOf(
  provider: Provider,
  found: ReadonlyMap<string, AlertVariable>,
  parse: ParseChannelSettings,
): { readonly channel?: ManagedChannel; readonly problems: readonly string[] } {
  const given = provider.settings((name) => found.get(name)?.text);
  const settings = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  const parsed = parse(provider.kind, settings);
  if (parsed.kind === "bad") {
    return { problems: parsed.problems.map((problem) => lineOf(problem, provider, found)) };
  }
  const { kind, needs } = provider;
  return { channel: { name: kind, kind, ...flags, settings, managedBy: needs[0] }, problems: [] };
}

/** A problem as a line; a secret is not repeated. */
function lineOf(
  { path, message }: Problem,
  { variables, needs }: Provider,
  found: ReadonlyMap<string, AlertVariable>,
): string {
  const [setting = ""] = path.split(/[.[]/);
  const name = variables[setting] ?? needs[0];
  const place = found.get(name)?.place ?? name;
  const shown = secrets.has(name)
    ? message.replace(/, found .*$/s, ", found another value (not shown)")
    : message;
  return `${place}: ${shown}`;
}

function mailSettings(
  text: (name: string) => string | undefined,
): Readonly<Record<string, unknown>> {
  const user = text("SMTP_USER");
  const port = text("SMTP_PORT");
  const isTls = port === "465";
  return {
    host: text("SMTP_HOST"),
    ...(port === undefined ? {} : { port: /^\d{1,5}$/.test(port) ? Number(port) : port }),
    // Nobody's password is sent where everybody can read it.
    security: isTls ? "tls" : user === undefined ? "starttls_if_offered" : "starttls",
    username: user,
    password: text("SMTP_PASSWORD"),
    from: text("ALERT_EMAIL_FROM") ?? user ?? "",
    to: (text("ALERT_EMAIL_TO") ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  };
}
