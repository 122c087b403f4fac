/** How a process that runs until it is told to stop learns of that, and how it ends. */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "./self/log.ts";

/** Stopping takes no longer than this; what is not done by then is done by others, or at the next start. */
const stopWithinMs = 4_500;

/**
 * Resolves when somebody wants the process to stop: with the signal, or when `underNpm` and its parent is gone. npm puts
 * a shell in between, which ends on SIGTERM without passing it on. A second signal ends the process at once.
 */
export function toldToStop(underNpm: boolean): Promise<NodeJS.Signals | "parent gone"> {
  return Promise.race([firstSignal(), ...(underNpm ? [parentGone()] : [])]);
}

/** Stops what runs and ends the process: with 0, or with 1 when that took too long. */
export async function endWith(running: AsyncDisposable, log: Log): Promise<never> {
  const ended = await Promise.race([
    running[Symbol.asyncDispose]().then(() => true),
    delay(stopWithinMs, false, { ref: false }),
  ]);
  if (!ended) log.warn("stopping took too long; the rest is taken up later");
  process.exit(ended ? 0 : 1);
}

/** Resolves when the process that started this one has ended. */
async function parentGone(): Promise<"parent gone"> {
  const parent = process.ppid;
  while (process.ppid === parent) await delay(250, undefined, { ref: false });
  return "parent gone";
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) process.exit(signal === "SIGINT" ? 130 : 143);
      seen = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    process.on("SIGHUP", onSignal);
  });
}
