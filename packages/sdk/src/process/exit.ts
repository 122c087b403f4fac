/**
 * The end of the process. Before an ordinary end the event loop is kept for up to two seconds while emitters flush.
 * After `process.exit` or an uncaught error nothing asynchronous runs any more: open runs fail, and emitters get a
 * synchronous last word of at most a second. How the process ends, and with which code, stays as it is.
 */
import type { OpenRun } from "./watch.ts";

/** An emitter that holds events. */
export interface Lasting {
  /** Never rejects. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Hands over what it can without the event loop; blocks for at most `timeoutMs`. Never throws. */
  lastWords(timeoutMs: number): void;
}

export interface Exit {
  readonly lasting: Set<Lasting>;
  /** Once per process; further calls do nothing. */
  listen(): void;
  /** Flushes all emitters within the bound. */
  flush(): Promise<void>;
}

/** A process that cannot wait any more is held up for at most this long. */
const lastWordsMs = 1_000;

export function createExit(open: ReadonlySet<OpenRun>, limitMs: number): Exit {
  const lasting = new Set<Lasting>();
  let listening = false;
  let lastError: { readonly thrown: unknown } | undefined;
  const triedInVain = new WeakSet<Lasting>();

  const flush = async (): Promise<void> => {
    await Promise.all([...lasting].map((emitter) => emitter.flush(limitMs)));
  };
  const beforeExit = (): void => {
    // This event comes again after every flush: an emitter that could not is not asked twice.
    for (const emitter of lasting) {
      if (triedInVain.has(emitter)) continue;
      triedInVain.add(emitter);
      void emitter.flush(limitMs).then((done) => {
        if (done) triedInVain.delete(emitter);
      });
    }
  };
  const exit = (code: number): void => {
    for (const run of open) {
      run.fail(lastError?.thrown ?? new ExitError(code));
    }
    const until = performance.now() + lastWordsMs;
    for (const emitter of lasting) emitter.lastWords(Math.max(0, until - performance.now()));
  };
  const remember = (thrown: unknown): void => {
    // Where somebody handles it the process lives on, and may end much later for another reason.
    const handled =
      process.listenerCount("uncaughtException") > 0 ||
      process.hasUncaughtExceptionCaptureCallback();
    if (!handled) lastError = { thrown };
  };
  return {
    lasting,
    listen: () => {
      if (listening) return;
      listening = true;
      process.on("beforeExit", beforeExit);
      process.on("exit", exit);
      process.on("uncaughtExceptionMonitor", remember);
    },
    flush,
  };
}

class ExitError extends Error {
  override readonly name = "ExitError";

  constructor(code: number) {
    super(`the process ended with code ${code} before the run did`);
  }
}
