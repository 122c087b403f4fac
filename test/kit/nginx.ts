/** Debian's nginx with `deploy/nginx.conf` before two hubs, in a folder of its own, on a free port of the loopback. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../source.ts";
import { until } from "./hub.ts";

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

/** The header of answers that names the hub they came from, for tests: `127.0.0.1:PORT`. */
export const upstreamHeader = "x-upstream";

/** Why nginx cannot be run here; false when it can. */
export function missingNginx(): string | false {
  const { error } = spawnSync("nginx", ["-v"]);
  return error === undefined ? false : "this machine has no nginx";
}

/** Starts it at `port`, before the hubs with these URLs; rejects with what it printed when it does not start. */
export async function startNginx(port: number, hubs: readonly [string, string]): Promise<Nginx> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-nginx-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const shipped = await readFile(join(root, "deploy/nginx.conf"), "utf8");
  await writeFile(join(folder, "belfry.conf"), configOf(shipped, port, hubs));
  await writeFile(join(folder, "nginx.conf"), mainConfig(folder));
  const child = spawn("nginx", ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  started.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until("nginx answers", async () => {
    if (child.exitCode !== null) throw new Error(`nginx did not start:\n${output}`);
    return fetch(`${url}/health`).then(
      (answer) => answer.body?.cancel().then(() => true),
      () => false,
    );
  });
  const resources = started.move();
  return { url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The file as it is shipped, but for the addresses. */
function configOf(shipped: string, port: number, hubs: readonly [string, string]): string {
  const changes = [
    ["listen 8080;", `listen 127.0.0.1:${port};`],
    ["server hub-1:8000", `server ${new URL(hubs[0]).host}`],
    ["server hub-2:8000", `server ${new URL(hubs[1]).host}`],
  ] as const;
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`deploy/nginx.conf has no "${from}"`);
    return text.replace(from, to);
  }, shipped);
}

/** One worker, everything it writes in its folder; answers say which hub they are from. */
function mainConfig(folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  add_header ${upstreamHeader} $upstream_addr always;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n")}
  include ${folder}/belfry.conf;
}
`;
}
