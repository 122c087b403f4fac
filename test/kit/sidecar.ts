/** Starts real sidecars for journeys: `belfry sidecar` as a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { commandPath, sharedCache, until } from "./hub.ts";

export interface SidecarOptions {
  /** Where it keeps what waits; whoever names it removes it. */
  readonly spoolFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a free port of loopback. */
  readonly listen?: string;
}

export interface Sidecar extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end; answers with the exit code, or null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts it, in its spool's folder, and resolves when it listens. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { spoolFolder, env, listen = "127.0.0.1:0" } = options;
  const child = spawn(process.execPath, [commandPath, "sidecar", "--listen", listen], {
    cwd: spoolFolder,
    env: { PATH: process.env["PATH"], ...sharedCache, SPOOL_DIR: spoolFolder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  try {
    const url = await until(
      "the sidecar listens",
      () => {
        if (child.exitCode !== null) throw new Error("it ended");
        return /listening on (http:\/\/[\d.:]+)/.exec(output)?.[1];
      },
      60_000,
    );
    return {
      url,
      output: () => output,
      signal: (signal) => void child.kill(signal),
      end: (signal) => end(child, signal),
      [Symbol.asyncDispose]: async () => void (await end(child, "SIGKILL")),
    };
  } catch (error) {
    await end(child, "SIGKILL");
    throw new Error(`the sidecar did not start:\n${output}`, { cause: error });
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}
