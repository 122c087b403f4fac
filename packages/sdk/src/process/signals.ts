/**
 * SIGTERM, SIGINT and SIGHUP while runs are open. A process that listens to a signal no longer dies of it, so the
 * listener takes itself away before anything else sees the signal:
 *
 * - nobody else listens: the runs fail, their events get up to two seconds, and the signal is raised again; the process
 *   dies of it as it would have;
 * - somebody else listens: they decide. The runs only note the signal. Should the process live on, the next pulse
 *   listens again.
 */
import type { OpenRun } from "./watch.ts";

const names = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

export interface Signals {
  listen(): void;
  stop(): void;
}

/** `flush` resolves within its bound, and never rejects. */
export function createSignals(open: ReadonlySet<OpenRun>, flush: () => Promise<void>): Signals {
  const listeners = names.map((name) => ({ name, heard: () => hear(name), on: false }));
  let dying = false;

  const hear = (name: NodeJS.Signals): void => {
    stop();
    // Process 1 is not killed by a signal it does not handle.
    const deadly = process.listenerCount(name) === 0 && process.pid !== 1;
    for (const run of open) {
      if (deadly) run.fail(new SignalError(name));
      else run.event("warn", `the process received ${name}`);
    }
    dying = deadly;
    void flush().then(() => {
      if (deadly) process.kill(process.pid, name);
    });
  };
  const stop = (): void => {
    for (const listener of listeners) {
      if (listener.on) process.off(listener.name, listener.heard);
      listener.on = false;
    }
  };
  return {
    listen: () => {
      for (const listener of listeners) {
        if (listener.on || dying) continue;
        // First in the row, so that others that count the listeners do not find this one.
        process.prependListener(listener.name, listener.heard);
        listener.on = true;
      }
    },
    stop,
  };
}

class SignalError extends Error {
  override readonly name = "SignalError";

  constructor(signal: string) {
    super(`the process was killed by ${signal}`);
  }
}
