/**
 * Runs one command: reads the line, loads the settings, does it, and answers with the exit code. 0: done; 1: it did not
 * work out; 2: the command line or the settings are wrong. `probe` has codes of its own.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "../model/error.ts";
import { parseAlerting } from "../managed-input.ts";
import { parseChannelSettings } from "../notify/channel-kinds.ts";
import { isShared } from "../config/database.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../model/clock.ts";
import type { IdMaker } from "../model/id.ts";
import { readyFolder } from "./backup/installation.ts";
import { checkConfig } from "./config-check.ts";
import type { DatabaseAdmin } from "./db.ts";
import { helpText } from "./help.ts";
import type { KeyStore } from "./key.ts";
import type { ProbeRequest } from "../probe-command.ts";
import { parseCommand, type Command } from "./parse.ts";

/** Settings that were read, with what a person should be told about them. */
export type Configuration = Extract<LoadedConfig, { readonly kind: "ok" }>;

export interface CommandParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Reads a text file; throws an error with the code `ENOENT` where there is none. */
  readonly readText: (path: string) => string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly version: string;
  readonly clock: Pick<Clock, "now">;
  readonly newId: IdMaker;
  /** Runs the hub until it is stopped; answers with the exit code. */
  readonly up: (mode: "up" | "hub", configuration: Configuration) => Promise<number>;
  /** Runs a worker until it is stopped; answers with the exit code. */
  readonly worker: (configuration: Configuration) => Promise<number>;
  /** Opens the keys of the database for one command; works beside a running hub. */
  readonly openKeys: (settings: Settings) => Promise<KeyStore & AsyncDisposable>;
  /** Opens the database for one command, without migrating it. */
  readonly openDatabase: (settings: Settings) => Promise<DatabaseAdmin & AsyncDisposable>;
  /** Checks a target once. */
  readonly probe: (request: ProbeRequest, settings: Settings) => Promise<number>;
}

/** Runs the command that these arguments (after the program's name) ask for. */
export async function runCommand(argv: readonly string[], parts: CommandParts): Promise<number> {
  const parsed = parseCommand(argv);
  switch (parsed.kind) {
    case "help":
      parts.stdout(helpText(parsed.name));
      return argv.length === 0 ? 2 : 0;
    case "version":
      parts.stdout(`belfry ${parts.version}\n`);
      return 0;
    case "wrong":
      parts.stderr(`belfry: ${parsed.message}\n`);
      return 2;
    case "run":
      return runWithSettings(parsed.command, parts);
  }
}

/** Beside a hub on the same machine. */
const workerListen = "127.0.0.1:8001";

async function runWithSettings(command: Command, parts: CommandParts): Promise<number> {
  const { env, cwd, readText } = parts;
  const flags = withKeyFile(command, parts);
  if (typeof flags === "string") {
    parts.stderr(`belfry: ${command.name}: ${flags}\n`);
    return 2;
  }
  const loaded = loadConfig({
    flags,
    env,
    cwd,
    readText,
    parseChannel: parseChannelSettings,
    parseAlerting,
    ...(command.name === "worker" ? { listen: workerListen } : {}),
  });
  if (command.name === "config check") return checkConfig(loaded, command.json, parts);
  if (loaded.kind === "bad") {
    for (const problem of loaded.problems) parts.stderr(`belfry: ${problem}\n`);
    return 2;
  }
  try {
    return await runLoaded(command, loaded, parts);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    parts.stderr(`belfry: ${error.detail}\n`);
    return 1;
  }
}

/** The flags, with the key that stands in a file; or what is wrong with that. */
function withKeyFile(
  { flags, keyFile }: Command,
  { cwd, readText }: CommandParts,
): Command["flags"] | string {
  if (keyFile === undefined) return flags;
  if (flags.worker?.key !== undefined) return "--key-file: expected one of --key and --key-file";
  try {
    const key = readText(resolve(cwd, keyFile)).trim();
    return { ...flags, worker: { ...flags.worker, key } };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
    return `--key-file: expected a file that can be read, found ${code}`;
  }
}

/** What reads or writes the installation must find it whole. */
function usesData(name: Command["name"]): boolean {
  return !["probe", "config check", "health", "restore", "worker"].includes(name);
}

async function goOnRestoring({ dataDir }: Settings, { stderr }: CommandParts): Promise<void> {
  if (!existsSync(join(dataDir, readyFolder))) return;
  const { finishRestore } = await import("./backup/finish-restore.ts");
  if (await finishRestore(dataDir)) stderr("belfry: a restore that was cut off was finished\n");
}

async function runLoaded(
  command: Command,
  loaded: Configuration,
  parts: CommandParts,
): Promise<number> {
  const { name, positionals, json, scopes, probe } = command;
  const { settings } = loaded;
  const [first = ""] = positionals;
  if (usesData(name)) await goOnRestoring(settings, parts);
  switch (name) {
    case "up":
    case "hub":
      return parts.up(name, loaded);
    case "worker":
      return runWorker(loaded, parts);
    case "probe":
      return parts.probe({ target: first, json, ...probe }, settings);
    case "config check":
      return checkConfig(loaded, json, parts);
    case "health": {
      const { askHealth } = await import("./health.ts");
      return askHealth(settings, parts);
    }
    case "key create":
    case "key list":
    case "key revoke": {
      const { createKey, listKeys, revokeKey } = await import("./key.ts");
      const keyParts = { ...parts, openKeys: () => parts.openKeys(settings) };
      if (name === "key create") return createKey(first, scopes, json, keyParts);
      if (name === "key list") return listKeys(json, keyParts);
      return revokeKey(first, keyParts);
    }
    case "db migrate":
    case "db rollback":
    case "db status":
    case "db stats": {
      const database = await import("./db.ts");
      const databaseParts = { ...parts, openDatabase: () => parts.openDatabase(settings) };
      if (name === "db migrate") return database.migrate(databaseParts);
      if (name === "db rollback") return database.rollback(databaseParts);
      if (name === "db status") return database.showStatus(json, databaseParts);
      return database.showStats(json, databaseParts);
    }
    case "backup": {
      const { backup } = await import("./backup.ts");
      return backup(command.to, settings, parts);
    }
    case "restore": {
      const { restore } = await import("./backup.ts");
      return restore(first, command.force === true, settings, parts);
    }
    case "db copy": {
      const { copyCommand } = await import("./db-copy.ts");
      return copyCommand(command, settings, parts);
    }
  }
}

/** A worker with a hub needs no database; else it shares the work of others, which a SQLite file has none of. */
async function runWorker(loaded: Configuration, parts: CommandParts): Promise<number> {
  const { database, worker } = loaded.settings;
  if (worker !== null || isShared(database)) return parts.worker(loaded);
  parts.stderr(
    `belfry: worker: database: expected the postgres:// URL its hubs have, found the embedded database ${database}, ` +
      "which one process has for itself; `belfry up` checks alone, `belfry db copy` moves to PostgreSQL, and with --hub a " +
      "worker elsewhere needs no database\n",
  );
  return 2;
}
