/** Starts real hubs for journeys: a process of its own on a free port, with a data folder that goes away with it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCacheDir } from "@belfry/agent/compile-cache";

/** The `belfry` command; it becomes the hub, so the process id stays. */
export const commandPath = fileURLToPath(
  new URL("../../packages/hub/bin/belfry.js", import.meta.url),
);

/** Of programs that are given a home of their own: they share what they compiled all the same. */
export const sharedCache: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: compileCacheDir(process.env) ?? "",
};

export interface HubOptions {
  /** What is started: `up` where nothing is said. A worker answers `/health`, `/ready` and `/metrics` only. */
  readonly command?: "up" | "hub" | "worker";
  /** Arguments after it. `--listen` and `--data-dir` are set unless they are given. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder to use and keep; otherwise a fresh one, removed at the end. */
  readonly dataDir?: string;
}

export interface Hub extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Sends a signal and waits for the end; answers with the exit code, or null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Asks the API; JSON in, JSON out; throws with the body when the status is not 2xx. */
  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
}

/** A busy machine takes long. */
const startWithinMs = 60_000;

/** Starts it and resolves when it listens; rejects with its output when it does not within a minute. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const ownDir = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "belfry-hub-")));
  const args = [...(options.args ?? [])];
  if (!args.includes("--listen")) args.push("--listen", "127.0.0.1:0");
  if (!args.includes("--data-dir")) args.push("--data-dir", dataDir);
  const child = spawn(process.execPath, [commandPath, options.command ?? "up", ...args], {
    cwd: dataDir,
    env: { PATH: process.env["PATH"], HOME: dataDir, ...sharedCache, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const url = await listening(child, () => output);
  return {
    url,
    pid: child.pid ?? 0,
    dataDir,
    output: () => output,
    end: (signal) => end(child, signal),
    ask: (method, path, body) => ask(url, method, path, body),
    async [Symbol.asyncDispose]() {
      await end(child, "SIGKILL");
      if (ownDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + startWithinMs;
  for (;;) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
    if (url !== undefined) return url;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the hub did not start:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
  return child.exitCode;
}

async function ask<T>(url: string, method: string, path: string, body: unknown): Promise<T> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Asks again every 50 ms until `condition` gives a value; throws after `limitMs` with what was seen last. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
