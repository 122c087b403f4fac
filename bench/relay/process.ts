/** Starts what is measured on the first core and the load on the second, and reads what they say. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { LoadFigures } from "./load.ts";

/** A server on a core of its own. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until it listened. */
  readonly startMs: number;
}

/** Whether processes can be kept on a core. */
export const isPinned =
  availableParallelism() > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;

function onCore(core: number, args: readonly string[]): [string, string[]] {
  return isPinned
    ? ["taskset", ["-c", String(core), process.execPath, ...args]]
    : [process.execPath, [...args]];
}

/** Starts a file of this folder and waits until it says where it listens. */
export async function startServer(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<Server> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const begin = performance.now();
  const [program, all] = onCore(0, [...flags, path, ...args]);
  const child = spawn(program, all, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const port = await portOf(child);
  return {
    pid: child.pid ?? 0,
    port,
    startMs: performance.now() - begin,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function portOf({ stderr }: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let output = "";
  stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    const port = /listening on http:\S+:(\d+)/.exec(output)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  stderr?.on("end", () => reject(new Error(output)));
  return promise;
}

export interface LoadSettings {
  readonly connections: number;
  /** Requests under way on each of them at one time. */
  readonly pipelined: number;
  readonly eventsPerRequest: number;
  readonly seconds: number;
  /** Without it: as many as are answered. */
  readonly eventsPerSecond?: number;
}

let nextId = 1;

/** Loads a server for some seconds. */
export async function load(port: number, settings: LoadSettings): Promise<LoadFigures> {
  const { connections, pipelined, eventsPerRequest, seconds, eventsPerSecond } = settings;
  const numbers = [port, connections, pipelined, eventsPerRequest, seconds, nextId];
  nextId += 100_000_000;
  if (eventsPerSecond !== undefined) numbers.push(eventsPerSecond);
  const path = fileURLToPath(new URL("load.ts", import.meta.url));
  const [program, args] = onCore(1, [path, ...numbers.map(String)]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = await text(child.stdout);
  return JSON.parse(output) as LoadFigures;
}
