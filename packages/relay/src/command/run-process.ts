/**
 * The sidecar as a process: its arguments, environment, streams, signals and clock. Called by a main file, which says what
 * sinks there are.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventSinkKind } from "../event-sink.ts";
import { runSidecar } from "./run-sidecar.ts";

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** Runs until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads the settings again. The exit code. */
export async function runSidecarProcess(
  argv: readonly string[],
  kinds: ReadonlyMap<string, EventSinkKind>,
  version: string,
): Promise<number> {
  const stop = new AbortController();
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  let reload: () => void = () => undefined;
  process.on("SIGHUP", () => reload());
  // Whoever reads our output may go away; that must not end a sidecar that works.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return runSidecar(argv, {
    kinds,
    env: process.env,
    version,
    readText,
    console: process.stdout,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    signal: stop.signal,
    onReload: (listener) => {
      reload = listener;
    },
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: Math.random,
    newKey: randomUUID,
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
