/**
 * Debian's pgbouncer before a database, in transaction mode: each transaction gets one of a few connections, which many
 * clients share. In a folder of its own, on a free port of the loopback. It refuses to run as root: a root process runs
 * it as `nobody`.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { until } from "./hub.ts";

export interface Pgbouncer extends AsyncDisposable {
  /** The database through it: `postgres://belfry@127.0.0.1:PORT/belfry`. */
  readonly url: string;
}

const nobody = 65_534;

/** Where Debian puts it is not on everybody's path. */
const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };

/** Why pgbouncer cannot be run here; false when it can. */
export function missingPgbouncer(): string | false {
  const { error } = spawnSync("pgbouncer", ["--version"], { env });
  return error === undefined ? false : "this machine has no pgbouncer";
}

/** Starts it before the database of a URL, with so many connections to it; rejects with what it printed. */
export async function startPgbouncer(database: string, connections: number): Promise<Pgbouncer> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-pgbouncer-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const port = await freePort();
  const config = join(folder, "pgbouncer.ini");
  await writeFile(config, configOf(new URL(database), port, connections));
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const child = spawn("pgbouncer", [config], {
    ...user,
    env,
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  started.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  });
  const url = `postgres://belfry@127.0.0.1:${port}/belfry`;
  await until("pgbouncer answers", () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer did not start:\n${output}`);
    return answers(url);
  });
  const resources = started.move();
  return { url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function configOf(database: URL, port: number, connections: number): string {
  const { hostname, username, pathname } = database;
  const target = `host=${hostname} port=${database.port} dbname=${pathname.slice(1)}`;
  return `[databases]
belfry = ${target} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${connections}
`;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port was given");
  return address.port;
}
