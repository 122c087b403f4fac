/** Starts real agents and forwarders for journeys: processes of their own, with a folder that goes away with them. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandPath, until } from "./hub.ts";

const forwarderPath = fileURLToPath(
  new URL("../../packages/agent/bin/system-stats-forwarder.js", import.meta.url),
);

export interface ProcessOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface StartedProcess extends AsyncDisposable {
  readonly pid: number;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Sends a signal and waits for the end; answers with the exit code, or null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface Agent extends StartedProcess {
  /** Where it serves: `http://127.0.0.1:PORT`. */
  readonly url: string;
}

/** Starts `belfry agent` on a free port and resolves when it serves. */
export async function startAgent(options: ProcessOptions = {}): Promise<Agent> {
  const args = ["agent", "--listen", "127.0.0.1:0", ...(options.args ?? [])];
  const started = await start(commandPath, args, options.env);
  try {
    const url = await until("the agent serves", () =>
      /serving (http:\/\/127\.0\.0\.1:\d+)/.exec(started.output())?.at(1),
    );
    return { ...started, url };
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw new Error(`the agent did not start:\n${started.output()}`, { cause: error });
  }
}

/** Starts `system-stats-forwarder`, which is set by its variables. */
export function startForwarder(env: Readonly<Record<string, string>>): Promise<StartedProcess> {
  return start(forwarderPath, [], env);
}

async function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StartedProcess> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-agent-"));
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    end: (signal) => end(child, signal),
    async [Symbol.asyncDispose]() {
      await end(child, "SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
  return child.exitCode;
}
