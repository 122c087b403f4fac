/**
 * A real Zabbix server for tests: Debian's `zabbix_server` on a PostgreSQL of its own, with its schema freshly loaded. Hosts,
 * items and discovery rules are rows that the test inserts: the web interface, which does so otherwise, is not there. It
 * listens on a free port of loopback, keeps everything in a temporary folder and syncs its configuration every second.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { until } from "./hub.ts";
import { startPostgres } from "./postgres.ts";

const program = "/usr/sbin/zabbix_server";
const schemaFolder = "/usr/share/zabbix-server-pgsql";

/** Why there can be no server here; undefined when there can. */
export function zabbixIsMissing(): string | undefined {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return `${program} is not installed (Debian's package zabbix-server-pgsql)`;
  }
  const schema = join(schemaFolder, "schema.sql.gz");
  return existsSync(schema) ? undefined : `${schema} is missing`;
}

/** As Zabbix numbers them. */
export const valueTypes = { float: 0, character: 1, log: 2, unsigned: 3, text: 4 } as const;
export type ValueType = keyof typeof valueTypes;

export interface ZabbixHost {
  /** How the server must be spoken to for it; default: in the clear. */
  readonly psk?: { readonly identity: string; readonly key: string };
}

export interface KeptValue {
  readonly value: string;
  /** Epoch seconds. */
  readonly clock: number;
  readonly ns: number;
}

export interface Zabbix extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  addHost(name: string, host?: ZabbixHost): Promise<void>;
  /** An item of the kind "Zabbix trapper"; `allowed` are the addresses it takes values from. */
  addItem(host: string, key: string, type: ValueType, allowed?: string): Promise<void>;
  /** A discovery rule of the kind "Zabbix trapper", and prototypes of items: key → type. */
  addDiscovery(
    host: string,
    key: string,
    prototypes: Readonly<Record<string, ValueType>>,
  ): Promise<void>;
  /** Keys of the items of a host, prototypes and rules left out, sorted. */
  items(host: string): Promise<readonly string[]>;
  /** Everything in the history of an item, the oldest first; undefined where there is no such item. */
  history(host: string, key: string): Promise<readonly KeptValue[] | undefined>;
  /** The end of its log. */
  log(): Promise<string>;
}

/** Starts it; takes some seconds. Rejects with its log when it does not answer within 40 s. */
export async function startZabbix(): Promise<Zabbix> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-zabbix-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const postgres = started.use(await startPostgres());
  const url = new URL(await postgres.createDatabase());
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  started.defer(() => client.end());
  for (const name of ["schema", "images", "data"]) {
    const packed = await readFile(join(schemaFolder, `${name}.sql.gz`));
    await client.query(gunzipSync(packed).toString());
  }
  const port = await freePort();
  const config = join(folder, "server.conf");
  const logFile = join(folder, "server.log");
  await writeFile(config, configuration({ folder, logFile, port, database: url }));
  const child = spawn(program, ["--foreground", "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  started.defer(() => end(child));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const log = async (): Promise<string> => {
    const text = await readFile(logFile, "utf8").catch(() => "");
    return `${said}${text.slice(-8_000)}`;
  };
  await ready(child, log);
  const rows = createRows(client);
  const resources = started.move();
  return {
    address: `127.0.0.1:${port}`,
    ...rows,
    log,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function configuration({
  folder,
  logFile,
  port,
  database,
}: {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly database: URL;
}): string {
  const few = ["Pollers", "PollersUnreachable", "HistoryPollers", "Trappers", "Pingers"];
  const settings: Record<string, string | number> = {
    ListenIP: "127.0.0.1",
    ListenPort: port,
    LogType: "file",
    LogFile: logFile,
    PidFile: join(folder, "server.pid"),
    SocketDir: folder,
    DBHost: database.hostname,
    DBPort: database.port,
    DBName: database.pathname.slice(1),
    DBUser: database.username,
    AllowRoot: 1,
    // It knows PostgreSQL up to 15; the one of the tests is newer.
    AllowUnsupportedDBVersions: 1,
    CacheUpdateFrequency: 1,
    StartDBSyncers: 1,
    StartLLDProcessors: 1,
    StartDiscoverers: 0,
    StartHTTPPollers: 0,
    StartPreprocessors: 1,
    StartODBCPollers: 0,
    Timeout: 4,
  };
  for (const name of few) settings[`Start${name}`] = 1;
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

async function ready(child: ChildProcess, log: () => Promise<string>): Promise<void> {
  const limit = performance.now() + 40_000;
  await until(
    "the Zabbix server is up",
    async () => {
      const text = await log();
      if (child.exitCode !== null || performance.now() > limit) throw new Error(text);
      return text.includes("[trapper #1]") ? true : undefined;
    },
    45_000,
  );
}

/** Its process ends its own children. It takes its time over it; what is in its database is thrown away anyway. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Writes and reads of the tables that its web interface would write and read. Ids count up from a number that is free. */
function createRows(
  client: pg.Client,
): Pick<Zabbix, "addHost" | "addItem" | "addDiscovery" | "items" | "history"> {
  let lastId = 1_000_000;
  const newId = (): number => (lastId += 1);

  async function insert(table: string, row: Readonly<Record<string, unknown>>): Promise<void> {
    const names = Object.keys(row);
    const places = names.map((_, i) => `$${i + 1}`);
    const text = `insert into ${table} (${names.join(", ")}) values (${places.join(", ")})`;
    await client.query(text, Object.values(row));
  }

  async function hostId(name: string): Promise<string> {
    const found = await client.query<{ hostid: string }>(
      "select hostid from hosts where host = $1",
      [name],
    );
    const [row] = found.rows;
    if (row === undefined) throw new Error(`there is no host ${name}`);
    return row.hostid;
  }

  /** `flags`: 0 an item, 1 a discovery rule, 2 a prototype, 4 an item that was discovered. */
  async function insertItem(
    host: string,
    key: string,
    type: ValueType,
    flags: 0 | 1 | 2,
    allowed = "",
  ): Promise<number> {
    const itemid = newId();
    const trapper = 2;
    const own = { itemid, hostid: await hostId(host), name: key, key_: key, flags };
    const taken = { type: trapper, value_type: valueTypes[type], trapper_hosts: allowed };
    await insert("items", { ...own, ...taken });
    // What is known of an item while it runs; prototypes never do.
    if (flags !== 2) await insert("item_rtdata", { itemid });
    return itemid;
  }

  return {
    async addHost(name, { psk } = {}) {
      const hostid = newId();
      const secret =
        psk === undefined
          ? {}
          : { tls_accept: 2, tls_psk_identity: psk.identity, tls_psk: psk.key };
      await insert("hosts", { hostid, host: name, name, status: 0, ...secret });
      await insert("interface", { interfaceid: newId(), hostid, main: 1, type: 1 });
      const group = await client.query<{ groupid: string }>(
        "select min(groupid) groupid from hstgrp",
      );
      const groupid = group.rows[0]?.groupid;
      await insert("hosts_groups", { hostgroupid: newId(), hostid, groupid });
    },
    async addItem(host, key, type, allowed) {
      await insertItem(host, key, type, 0, allowed);
    },
    async addDiscovery(host, key, prototypes) {
      const rule = await insertItem(host, key, "text", 1);
      for (const [prototype, type] of Object.entries(prototypes)) {
        const itemid = await insertItem(host, prototype, type, 2);
        await insert("item_discovery", {
          itemdiscoveryid: newId(),
          itemid,
          parent_itemid: rule,
        });
      }
    },
    async items(host) {
      const found = await client.query<{ key_: string }>(
        "select key_ from items where hostid = $1 and flags in (0, 4)",
        [await hostId(host)],
      );
      return found.rows.map(({ key_ }) => key_).toSorted();
    },
    async history(host, key) {
      const found = await client.query<{ itemid: string; value_type: number }>(
        "select itemid, value_type from items where hostid = $1 and key_ = $2 and flags in (0, 4)",
        [await hostId(host), key],
      );
      const [item] = found.rows;
      if (item === undefined) return undefined;
      const tables = ["history", "history_str", "history_log", "history_uint", "history_text"];
      const kept = await client.query<KeptValue>(
        `select value::text as value, clock, ns from ${tables[item.value_type]} where itemid = $1 order by clock, ns`,
        [item.itemid],
      );
      return kept.rows;
    },
  };
}

/** A free port that Zabbix takes: it listens on 1024 to 32767 only, and what the system gives is often above. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = randomInt(20_000, 32_768);
    const server = createServer();
    const outcome = Promise.race([once(server, "listening"), once(server, "error")]);
    server.listen(port, "127.0.0.1");
    const [error] = (await outcome) as readonly unknown[];
    if (error !== undefined) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error("no port below 32768 is free");
}
