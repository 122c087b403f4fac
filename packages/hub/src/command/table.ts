/** The commands and their options: what is parsed, what help prints and what the documents may name. */

/** An option; `value` names what follows it, null for a switch. */
export interface OptionSpec {
  readonly value: string | null;
  readonly help: string;
  /** May be given several times. */
  readonly many?: true;
}

export const options = {
  config: { value: "FILE", help: "settings file (else ./belfry.yaml, else ./config.yaml)" },
  "data-dir": { value: "DIR", help: "data folder (./data)" },
  listen: { value: "HOST:PORT", help: "address to listen on (127.0.0.1:8000); port 0: a free one" },
  database: { value: "PATH|URL", help: "embedded database file, or a postgres:// URL" },
  json: { value: null, help: "print JSON" },
  scope: {
    value: "SCOPE",
    help: "read, write, ingest, worker or admin; may be repeated (read)",
    many: true,
  },
  timeout: { value: "SECONDS", help: "time limit of the check (the configured one)" },
  set: {
    value: "NAME=VALUE",
    help: "a setting of the check, dotted, the value as JSON or text; may be repeated",
    many: true,
  },
  from: {
    value: "DATABASE",
    help: "sqlite:/path, a data folder or a postgres:// URL (the database of the settings)",
  },
  to: { value: "TARGET", help: "what is made: a folder (backup), a database (db copy)" },
  "no-checks": { value: null, help: "check nothing: others on the same PostgreSQL do" },
  hub: { value: "URL", help: "work for this hub, without its database: https://…" },
  key: { value: "KEY", help: "its key, with the scope worker; better in a file" },
  "key-file": { value: "FILE", help: "a file that holds the key" },
  "ca-file": { value: "FILE", help: "PEM of an authority to trust beside the known ones" },
  location: { value: "NAME", help: "where this process checks from (local)" },
  force: { value: null, help: "take the place of what is there" },
  help: { value: null, help: "print this" },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof options;

/** Taken by every command. */
export const commonOptions = ["config", "data-dir", "listen", "database", "help"] as const;

export interface CommandSpec {
  readonly summary: string;
  /** Names of what must follow, in order. */
  readonly positionals: readonly string[];
  /** Beside the common ones. */
  readonly options: readonly OptionName[];
  /** More lines of help. */
  readonly notes?: string;
}

export const commands = {
  up: {
    summary: "run Belfry: checks, this machine's agent, API and pages in one process",
    positionals: [],
    options: [],
  },
  hub: {
    summary: "run the server alone: `up` without this machine's agent",
    positionals: [],
    options: ["no-checks"],
    notes: "Any number of hubs share one PostgreSQL; see docs/OPERATIONS.md.",
  },
  worker: {
    summary: "check for hubs on the same PostgreSQL, or elsewhere for a hub",
    positionals: [],
    options: ["hub", "key", "key-file", "ca-file", "location"],
    notes:
      "Listens on 127.0.0.1:8001 unless told otherwise: GET /health, /ready and /metrics. Any number of workers and hubs\n" +
      "share the work; see docs/OPERATIONS.md. With --hub it needs no database: it checks what the hub gives to its\n" +
      "--location, and keeps what it found on disk while the hub is away.",
  },
  probe: {
    summary: "check a target once and print what was found; nothing is stored",
    positionals: ["URL|KIND:TARGET"],
    options: ["json", "timeout", "set"],
    notes:
      "Ends with 0 when the target is up, 1 when it is down, 3 when that could not be found out.",
  },
  "config check": {
    summary: "read the settings as `up` would and report every problem",
    positionals: [],
    options: ["json"],
  },
  "key create": {
    summary: "make an API key and print it, this once",
    positionals: ["NAME"],
    options: ["scope", "json"],
  },
  "key list": { summary: "list API keys", positionals: [], options: ["json"] },
  "key revoke": {
    summary: "revoke an API key, by its id or its first characters",
    positionals: ["ID"],
    options: [],
  },
  "db migrate": {
    summary: "bring the database to this release (`up` does so by itself)",
    positionals: [],
    options: [],
  },
  "db rollback": { summary: "undo the last migration", positionals: [], options: [] },
  "db status": { summary: "list migrations", positionals: [], options: ["json"] },
  "db stats": {
    summary: "print the size of the database: series, samples, bytes",
    positionals: [],
    options: ["json"],
  },
  "db copy": {
    summary: "move everything to another database, and compare",
    positionals: [],
    options: ["from", "to"],
    notes:
      "Neither may be in use by a hub. The target must be empty; it has everything in the end, or nothing.\n" +
      "A password may be given as PGPASSWORD in place of the URL.",
  },
  backup: {
    summary: "save the installation while it runs, as a folder",
    positionals: [],
    options: ["to"],
    notes:
      "Without --to: ./belfry-backup-TIME. Ends with 3 when all but the database is saved: PostgreSQL has pg_dump\n" +
      "for that. The settings file is not in it.",
  },
  restore: {
    summary: "put a backup into place; the hub must not run",
    positionals: ["DIR"],
    options: ["force"],
    notes: "Ends with 3 when all but the database is restored: PostgreSQL has pg_restore for that.",
  },
  health: {
    summary: "ask the running hub whether it is well; ends with 1 when not",
    positionals: [],
    options: [],
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commands;
