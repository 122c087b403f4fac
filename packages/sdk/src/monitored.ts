/** Jobs as functions: the call, the wrapper and the decorator. */
import { shared } from "./shared.ts";
import { startRun, within, type RunOptions } from "./start.ts";
import type { Run } from "./run.ts";

export interface MonitoredOptions extends RunOptions {
  /**
   * Wait at most this long, in ms, for the events to be handed over before returning. 0 unless told otherwise, but 500
   * in AWS Lambda, which freezes a process between two calls.
   */
  readonly flushMs?: number;
}

/**
 * Runs `work` as a run of a job. Resolves with what `work` returns and rejects with what it throws, the same object;
 * the run succeeds or fails accordingly, unless `work` ended it itself. Nothing that goes wrong here reaches the job.
 */
export async function monitored<T>(
  options: MonitoredOptions,
  work: (run: Run) => T | PromiseLike<T>,
): Promise<T> {
  const run = startRun(options);
  try {
    const value = await within(run, () => work(run));
    run.finish();
    return value;
  } catch (error) {
    run.fail(error);
    throw error;
  } finally {
    await handOver(run, options);
  }
}

async function handOver(run: Run, options: MonitoredOptions): Promise<void> {
  let flushMs: number | undefined;
  try {
    ({ flushMs } = options);
  } catch {
    // A getter of the caller's that throws.
  }
  flushMs ??= shared().facts.aws?.["compute_platform"] === "lambda" ? 500 : 0;
  if (flushMs > 0) await run.flush(flushMs);
}

/** Any function of the caller's; its own types are kept by the generic that uses this. */
type Work<This, Args extends unknown[], T> = (this: This, ...args: Args) => T | PromiseLike<T>;

type Wrapped<This, Args extends unknown[], T> = (this: This, ...args: Args) => Promise<T>;

/** The function `work` so that each of its calls is a run; `this` and arguments are passed on. It becomes asynchronous. */
export function monitor<This, Args extends unknown[], T>(
  options: MonitoredOptions,
  work: Work<This, Args, T>,
): Wrapped<This, Args, T>;
/** A decorator of methods (`@monitor({ job })`), of the standard kind. */
export function monitor(
  options: MonitoredOptions,
): <This, Args extends unknown[], T>(
  method: Work<This, Args, T>,
  context: ClassMethodDecoratorContext,
) => Wrapped<This, Args, T>;
export function monitor<This, Args extends unknown[], T>(
  options: MonitoredOptions,
  work?: Work<This, Args, T>,
): unknown {
  if (work === undefined) {
    return (method: Work<This, Args, T>) => wrap(options, method);
  }
  return wrap(options, work);
}

function wrap<This, Args extends unknown[], T>(
  options: MonitoredOptions,
  work: Work<This, Args, T>,
): Wrapped<This, Args, T> {
  return function (this: This, ...args: Args) {
    return monitored(options, () => work.apply(this, args));
  };
}
