/**
 * A real Zabbix server for tests: Debian's `zabbix_server` on a PostgreSQL of its own, with its schema freshly loaded. Hosts,
 * items and discovery rules are rows that the test inserts: the web interface, which does so otherwise, is not there. It
 * listens on a free port of loopback, keeps everything in a temporary folder and syncs its configuration every second.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { until } from "./hub.ts";
import { startPostgres } from "./postgres.ts";

const run = promisify(execFile);
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

/** How the server must be spoken to for a host. Default: in the clear. */
export type HostSecurity =
  | { readonly kind: "psk"; readonly identity: string; readonly key: string }
  /** Any certificate of the server's authority. */
  | { readonly kind: "cert" };

export interface KeptValue {
  readonly value: string;
  /** Epoch seconds. */
  readonly clock: number;
  readonly ns: number;
}

export interface Zabbix extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Files of the authority it trusts, and of a certificate of that authority for us. Its own is for `localhost`. */
  readonly certificates: { readonly ca: string; readonly cert: string; readonly key: string };
  addHost(name: string, security?: HostSecurity): Promise<void>;
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
  await client.query(await unpacked("schema"));
  await client.query(neededOf(await unpacked("data")));
  const port = await freePort();
  const certificates = await makeCertificates(folder);
  const config = join(folder, "server.conf");
  const logFile = join(folder, "server.log");
  await writeFile(config, configuration({ folder, logFile, port, database: url, certificates }));
  const child = spawnServer(config);
  started.defer(() => end(child));
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
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
    certificates: { ca: certificates.ca, ...certificates.client },
    ...rows,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function unpacked(name: string): Promise<string> {
  return gunzipSync(await readFile(join(schemaFolder, `${name}.sql.gz`))).toString();
}

/**
 * What a server needs to run of the data it comes with, each row a line. The rest, 32 MB, are the hosts and templates of its
 * makers, and pictures for the web interface.
 */
function neededOf(data: string): string {
  const tables = "role|usrgrp|users|users_groups|hstgrp|regexps|expressions|config";
  return (data.match(new RegExp(`^INSERT INTO (${tables}) .*;$`, "gm")) ?? []).join("\n");
}

function configuration({
  folder,
  logFile,
  port,
  database,
  certificates,
}: {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly database: URL;
  readonly certificates: Certificates;
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
    TLSCAFile: certificates.ca,
    TLSCertFile: certificates.server.cert,
    TLSKeyFile: certificates.server.key,
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

/** The shell sees the end of its input when this process is gone, and then stops the server. */
function spawnServer(config: string): ChildProcess {
  const script = `exec 3<&0; "$0" "$@" & server=$!; (cat <&3; kill -TERM $server) & wait $server`;
  return spawn("/bin/sh", ["-c", script, program, "--foreground", "--config", config], {
    stdio: ["pipe", "ignore", "pipe"],
  });
}

/** Its main process ends the others. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.stdin?.end();
  await exited;
}

/** Writes and reads of the tables that its web interface would write and read. */
function createRows(
  client: pg.Client,
): Pick<Zabbix, "addHost" | "addItem" | "addDiscovery" | "items" | "history"> {
  /** From the table that the server takes its own ids from, so that both never take the same. */
  async function newId(table: string, field: string): Promise<string> {
    const row = "table_name = $1 and field_name = $2";
    const next = `update ids set nextid = nextid + 1 where ${row} returning nextid`;
    const found = await client.query<{ nextid: string }>(next, [table, field]);
    const [taken] = found.rows;
    if (taken !== undefined) return taken.nextid;
    const first = `insert into ids select $1, $2, coalesce(max(${field}), 0) + 1 from ${table} returning nextid`;
    const made = await client.query<{ nextid: string }>(first, [table, field]);
    return made.rows[0]?.nextid ?? "";
  }

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
  ): Promise<string> {
    const itemid = await newId("items", "itemid");
    const trapper = 2;
    const own = { itemid, hostid: await hostId(host), name: key, key_: key, flags };
    const taken = { type: trapper, value_type: valueTypes[type], trapper_hosts: allowed };
    await insert("items", { ...own, ...taken });
    // What is known of an item while it runs; prototypes never do.
    if (flags !== 2) await insert("item_rtdata", { itemid });
    return itemid;
  }

  return {
    async addHost(name, security) {
      const hostid = await newId("hosts", "hostid");
      const interfaceid = await newId("interface", "interfaceid");
      const hostgroupid = await newId("hosts_groups", "hostgroupid");
      const secret = securityRow(security);
      await insert("hosts", { hostid, host: name, name, status: 0, ...secret });
      await insert("interface", { interfaceid, hostid, main: 1, type: 1 });
      const group = await client.query<{ groupid: string }>(
        "select min(groupid) groupid from hstgrp",
      );
      const groupid = group.rows[0]?.groupid;
      await insert("hosts_groups", { hostgroupid, hostid, groupid });
    },
    async addItem(host, key, type, allowed) {
      await insertItem(host, key, type, 0, allowed);
    },
    async addDiscovery(host, key, prototypes) {
      const rule = await insertItem(host, key, "text", 1);
      for (const [prototype, type] of Object.entries(prototypes)) {
        const itemid = await insertItem(host, prototype, type, 2);
        await insert("item_discovery", {
          itemdiscoveryid: await newId("item_discovery", "itemdiscoveryid"),
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

/** `tls_accept`: 2 a shared key, 4 a certificate. */
function securityRow(security: HostSecurity | undefined): Readonly<Record<string, unknown>> {
  switch (security?.kind) {
    case undefined:
      return {};
    case "cert":
      return { tls_accept: 4 };
    case "psk":
      return { tls_accept: 2, tls_psk_identity: security.identity, tls_psk: security.key };
  }
}

interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** An authority, and a certificate each for the server and for us: RSA, the only kind that this server's GnuTLS is set to. */
async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => run("openssl", args, { cwd: folder });
  const fresh = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  const authority = ["-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"];
  await openssl("req", "-x509", ...fresh, ...authority);
  for (const [name, subject] of [
    ["server", "localhost"],
    ["client", "sidecar"],
  ] as const) {
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", `subjectAltName=DNS:${subject}`];
    const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
    const to = ["-subj", `/CN=${subject}`, "-keyout", `${name}.key`, "-out", `${name}.pem`];
    await openssl("req", "-x509", ...fresh, ...by, ...leaf, ...to);
  }
  return {
    ca: file("ca.pem"),
    server: { cert: file("server.pem"), key: file("server.key") },
    client: { cert: file("client.pem"), key: file("client.key") },
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
