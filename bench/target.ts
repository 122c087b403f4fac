/** A fast local HTTP server to aim checks at: nginx where it is installed, else a small Node process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BenchTarget extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly port: number;
}

const nodeServer = `
  require("node:net").createServer((socket) => {
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\nconnection: close\\r\\n\\r\\nok\\n"));
    socket.on("error", () => {});
  }).listen(Number(process.argv[1]), "127.0.0.1", 4096);`;

/** Starts the server on a free loopback port and resolves when it answers. */
export async function startBenchTarget(): Promise<BenchTarget> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "belfry-bench-target-"));
  const nginx = spawnSync("nginx", ["-v"]).status === 0;
  if (nginx) await writeFile(join(folder, "nginx.conf"), nginxConfig(folder, port));
  const child = nginx
    ? spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" })
    : spawn(process.execPath, ["-e", nodeServer, String(port)], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}/`;
  await answers(url);
  return {
    name: nginx ? "nginx" : "a Node server",
    url,
    port,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits up to 10 s until a URL answers. */
export async function answers(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response !== undefined) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function nginxConfig(folder: string, port: number): string {
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port} backlog=4096; location / { default_type text/plain; return 200 "ok\\n"; } }
}
`;
}
