/** Timers as a port, so that tests can let ten minutes pass. */

/** Calls `run` once after `ms`, unless it is disposed before. */
export type After = (ms: number, run: () => void) => Disposable;

/** Real timers. They keep no process alive. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
};
