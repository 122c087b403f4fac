/** Settings of the agent: flags, the environment, defaults, in this order. docs/AGENT.md has them as a table. */
import { hostname as readHostname } from "node:os";
import { resolve } from "node:path";
import { stateDirOf } from "../../bin/state-dir.js";
import type { Roots } from "../collect/collector.ts";
import { isLoopback } from "../serve/loopback.ts";
import { parseLevel, type LogLevel } from "./log.ts";
import {
  numberOf,
  readOptions,
  readSecret,
  SettingsError,
  type Given,
  type Options,
  type OptionSpec,
} from "./option.ts";

export interface RunSettings {
  /** Where samples go; none: they are only served. */
  readonly hubs: readonly Hub[];
  /** PEM file of a further certificate authority; null: none. */
  readonly caFile: string | null;
  readonly intervalMs: number;
  /** null: nothing is served. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly name: string;
  readonly hostId: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly diskPath: string;
  readonly roots: Roots;
  readonly topProcesses: number;
  readonly containerSocket: string | null;
  readonly stateDir: string;
  readonly spoolHours: number;
  readonly logLevel: LogLevel;
}

export interface Hub {
  readonly url: string;
  readonly key: string | null;
}

/** The options of the agent, in the order of the help. */
export const agentOptions = {
  hub: {
    flag: "hub",
    variables: ["BELFRY_AGENT_HUB"],
    value: "URL",
    repeats: true,
    help: "hub to send samples to; may be given several times",
  },
  key: {
    flag: "key",
    variables: ["BELFRY_AGENT_KEY"],
    value: "KEY",
    secret: true,
    help: "key of scope `ingest` for the hubs; others on this machine can see flags",
  },
  keyFile: { flag: "key-file", variables: [], value: "FILE", help: "file that holds the key" },
  caFile: {
    flag: "ca-file",
    variables: ["BELFRY_AGENT_CA_FILE"],
    value: "FILE",
    help: "certificate authority (PEM) that is trusted beside the known ones",
  },
  interval: {
    flag: "interval",
    variables: ["BELFRY_AGENT_INTERVAL"],
    value: "SECONDS",
    help: "from one sample to the next, 1 to 3600; default 5",
  },
  listen: {
    flag: "listen",
    variables: ["BELFRY_AGENT_LISTEN"],
    value: "HOST:PORT|off",
    help: "where to serve /system, /health, /metrics, /snapshot; default 127.0.0.1:5001",
  },
  name: {
    flag: "name",
    variables: ["BELFRY_AGENT_NAME"],
    value: "NAME",
    help: "name of this host; default its host name",
  },
  label: {
    flag: "label",
    variables: ["BELFRY_AGENT_LABELS"],
    value: "NAME=VALUE",
    repeats: true,
    // A value may have commas in it.
    separator: /,(?=\s*[a-zA-Z_][a-zA-Z0-9_]*=)/,
    help: "label of this host; may be given several times",
  },
  hostId: {
    flag: "host-id",
    variables: ["BELFRY_AGENT_HOST_ID"],
    value: "ID",
    help: "id of this host in place of one derived from /etc/machine-id; for cloned machines",
  },
  diskPath: {
    flag: "disk-path",
    variables: ["BELFRY_AGENT_DISK_PATH", "SYSTEM_STATS_DISK_PATH"],
    value: "PATH",
    help: "the file system that counts as the disk; default /",
  },
  proc: {
    flag: "proc",
    variables: ["BELFRY_AGENT_PROC"],
    value: "PATH",
    help: "where the machine's /proc is; default /proc",
  },
  sys: {
    flag: "sys",
    variables: ["BELFRY_AGENT_SYS"],
    value: "PATH",
    help: "where the machine's /sys is; default /sys",
  },
  root: {
    flag: "root",
    variables: ["BELFRY_AGENT_ROOT"],
    value: "PATH",
    help: "where the machine's / is; default /",
  },
  topProcesses: {
    flag: "top-processes",
    variables: ["BELFRY_AGENT_TOP_PROCESSES"],
    value: "N",
    help: "processes that are named by CPU and by memory, 0 to 50; default 10",
  },
  containerSocket: {
    flag: "container-socket",
    variables: ["BELFRY_AGENT_CONTAINER_SOCKET"],
    value: "PATH",
    help: "socket of Docker or Podman; default the usual places",
  },
  stateDir: {
    flag: "state-dir",
    variables: ["BELFRY_AGENT_STATE_DIR"],
    value: "DIR",
    help: "where samples wait for a hub; default $STATE_DIRECTORY, or belfry-agent in $XDG_STATE_HOME",
  },
  spoolHours: {
    flag: "spool-hours",
    variables: ["BELFRY_AGENT_SPOOL_HOURS"],
    value: "HOURS",
    help: "how long samples are kept for a hub that does not answer, 0.1 to 720; default 24",
  },
  logLevel: {
    flag: "log-level",
    variables: ["BELFRY_AGENT_LOG_LEVEL", "SYSTEM_STATS_LOG_LEVEL"],
    value: "LEVEL",
    help: "debug, info, warn or error; default info",
  },
} as const satisfies Record<string, OptionSpec>;

type AgentOption = keyof typeof agentOptions;
type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsContext {
  /** `system-stats-service` listens on every address unless told otherwise. */
  readonly isSystemStats: boolean;
  readonly env: Environment;
  readonly hostname?: () => string;
}

/** Reads all settings; throws `SettingsError` at the first that is wrong. */
export function readSettings(args: readonly string[], context: SettingsContext): RunSettings {
  const { env } = context;
  const options = readOptions<AgentOption>(args, env, agentOptions);
  const path = (name: AgentOption): string | undefined => options.one(name)?.text;
  const number = (name: AgentOption, standard: number, least: number, most: number, unit = "") => {
    const given = options.one(name);
    const whole = name === "topProcesses";
    return given === undefined ? standard : numberOf(given, { least, most, unit, whole });
  };
  return {
    hubs: hubsOf(options),
    caFile: absolute(path("caFile")),
    intervalMs: Math.round(number("interval", 5, 1, 3600, "seconds") * 1000),
    listen: listenOf(options.one("listen"), context),
    name: nameOf(options.one("name") ?? hostnameOf(context)),
    hostId: hostIdOf(options.one("hostId")),
    labels: labelsOf(options.all("label")),
    diskPath: absolute(homeless(path("diskPath"), env)) ?? "/",
    roots: {
      proc: withoutSlash(path("proc") ?? "/proc"),
      sys: withoutSlash(path("sys") ?? "/sys"),
      root: withoutSlash(path("root") ?? ""),
    },
    topProcesses: number("topProcesses", 10, 0, 50),
    containerSocket: absolute(path("containerSocket")),
    stateDir: stateDirOf("agent", args, env),
    spoolHours: number("spoolHours", 24, 0.1, 720, "hours"),
    logLevel: levelOf(options.one("logLevel")),
  };
}

/** Settings that are allowed and should be thought about again; one line each. */
export function warningsOf({ hubs }: RunSettings): string[] {
  return hubs.flatMap(({ url, key }) => {
    const { protocol, hostname, origin } = new URL(url);
    if (protocol !== "http:" || key === null || isLoopback(hostname)) return [];
    return [
      `the key goes to ${origin} without encryption: whoever sees the network can read it; use https://`,
    ];
  });
}

function hubsOf(options: Options<AgentOption>): Hub[] {
  const key = keyOf(options);
  const hubs = options.all("hub").map((given) => hubOf(given, key));
  const twice = hubs.find(({ url }, place) => hubs.findIndex((hub) => hub.url === url) < place);
  if (twice !== undefined) throw new SettingsError(`--hub: ${twice.url} is there twice`);
  return hubs;
}

function hubOf({ text, from }: Given, key: string | null): Hub {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SettingsError(
      `${from}: expected an address like https://belfry.example, found ${withoutSecret(text)}`,
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new SettingsError(
      `${from}: expected an address without ? and #, found ${url.origin}${url.pathname}?…`,
    );
  }
  // A hub may have a key of its own: the password of its address.
  const own = decodeURIComponent(url.password);
  url.username = "";
  url.password = "";
  return { url: url.href, key: own === "" ? key : keyText(own, from) };
}

function keyOf(options: Options<AgentOption>): string | null {
  const file = options.one("keyFile");
  if (file !== undefined) return keyText(readSecret(file.text, file.from), file.from);
  const given = options.one("key");
  return given === undefined ? null : keyText(given.text, given.from);
}

function keyText(text: string, from: string): string {
  if (!/^[\x21-\x7e]{1,512}$/.test(text)) {
    throw new SettingsError(`${from}: a key has no spaces and no special characters`);
  }
  return text;
}

/** An address that is none may still hold a key. */
function withoutSecret(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//…@");
}

function listenOf(
  given: Given | undefined,
  { isSystemStats, env }: SettingsContext,
): RunSettings["listen"] {
  if (given?.text === "off") return null;
  if (given !== undefined) {
    const match = /^(?:\[([0-9a-f:.%]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(given.text);
    const port = Number(match?.[3]);
    if (match === null || port > 65_535) {
      throw new SettingsError(`${given.from}: expected HOST:PORT or off, found ${given.text}`);
    }
    return { host: match[1] ?? match[2] ?? "", port };
  }
  const port = env["SYSTEM_STATS_PORT"];
  return {
    host: env["SYSTEM_STATS_HOST"] || (isSystemStats ? "0.0.0.0" : "127.0.0.1"),
    port: port
      ? numberOf(
          { text: port, from: "SYSTEM_STATS_PORT" },
          { least: 0, most: 65_535, unit: "", whole: true },
        )
      : 5001,
  };
}

function hostnameOf({ hostname = readHostname }: SettingsContext): Given {
  return { text: hostname() || "localhost", from: "the host name" };
}

function nameOf({ text, from }: Given): string {
  const name = text.trim();
  if (name.length < 1 || name.length > 253 || /\p{Cc}/u.test(name)) {
    throw new SettingsError(
      `${from}: expected a name of 1 to 253 characters, found ${name.length}`,
    );
  }
  return name;
}

function hostIdOf(given: Given | undefined): string | null {
  if (given === undefined) return null;
  if (!/^[\w.:-]{1,128}$/.test(given.text)) {
    throw new SettingsError(
      `${given.from}: expected 1 to 128 letters, digits, dots, dashes or colons, found ${JSON.stringify(given.text)}`,
    );
  }
  return given.text;
}

const mostLabels = 32;

function labelsOf(all: readonly Given[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const { text, from } of all) {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(0, at));
    const value = text.slice(at + 1);
    if (
      !/^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,62}$/.test(name) ||
      value.length > 200 ||
      /\p{Cc}/u.test(value)
    ) {
      throw new SettingsError(
        `${from}: expected NAME=VALUE, a name of letters, digits and _, a value of at most 200 characters, found ${text.slice(0, 80)}`,
      );
    }
    labels[name] = value;
  }
  if (Object.keys(labels).length > mostLabels) {
    throw new SettingsError(
      `--label: expected at most ${mostLabels}, found ${Object.keys(labels).length}`,
    );
  }
  return labels;
}

export function levelOf(given: Given | undefined): LogLevel {
  const level = given === undefined ? "info" : parseLevel(given.text);
  if (level === undefined) {
    throw new SettingsError(
      `${given?.from}: expected debug, info, warn or error, found ${given?.text}`,
    );
  }
  return level;
}

function homeless(path: string | undefined, env: Environment): string | undefined {
  return path?.replace(/^~(?=\/|$)/, env["HOME"] ?? "~");
}

function absolute(path: string): string;
function absolute(path: string | undefined): string | null;
function absolute(path: string | undefined): string | null {
  return path === undefined ? null : resolve(path);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
