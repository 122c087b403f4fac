/**
 * Matches patterns without holding up the event loop. What is done within some 20 ms at worst is matched where it is;
 * the rest goes to one thread, started when first needed and stopped when idle. A pattern that is not done within its
 * time is given up, thread and all.
 */
import { Worker } from "node:worker_threads";
import type { Deadline } from "./deadline.ts";
import { failed, faultOf, type Attempt, type Fault } from "./fault.ts";
import type { Pattern } from "./pattern.ts";

export interface PatternMatcher extends AsyncDisposable {
  /** Whether the pattern matches anywhere in the text. */
  matches(pattern: Pattern, text: string, deadline: Deadline): Promise<Attempt<boolean>>;
}

/** Instructions × characters: about 10 ns each at worst (measured with re2js 2.10 on patterns made to be slow). */
const workAtOnce = 1_500_000;
/** A single match may take this long in the thread. */
const longestMatchMs = 2_000;
const idleMs = 30_000;

interface Job {
  readonly pattern: Pattern;
  readonly text: string;
  readonly settle: (attempt: Attempt<boolean>) => void;
  /** Set when nobody waits any more. */
  isOver: boolean;
}

/** Makes a matcher. */
export function createPatternMatcher(): PatternMatcher {
  const queue: Job[] = [];
  let worker: Worker | null = null;
  let running: Job | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function stop(): Promise<void> {
    clearTimeout(timer);
    const stopped = worker;
    worker = null;
    running = null;
    await stopped?.terminate();
  }

  function end(attempt: Attempt<boolean>): void {
    clearTimeout(timer);
    const job = running;
    running = null;
    job?.settle(attempt);
    next();
  }

  function giveUp(fault: Fault): void {
    const job = running;
    void stop().then(next);
    job?.settle(failed(fault));
  }

  function next(): void {
    if (running !== null) return;
    let job = queue.shift();
    while (job?.isOver === true) job = queue.shift();
    if (job === undefined) {
      timer = setTimeout(() => void stop(), idleMs);
      timer.unref();
      return;
    }
    running = job;
    worker ??= start();
    worker.postMessage({ source: job.pattern.source, text: job.text });
    clearTimeout(timer);
    timer = setTimeout(() => giveUp(tooSlow(job.pattern)), longestMatchMs);
  }

  function start(): Worker {
    const started = new Worker(new URL("./pattern-worker.ts", import.meta.url));
    started.unref();
    started.on("message", (matched: boolean) => {
      if (started === worker) end({ kind: "ok", value: matched });
    });
    started.on("error", () => {
      if (started === worker) giveUp(faultOf("internal", "the thread for patterns has failed"));
    });
    return started;
  }

  return {
    matches: async (pattern, text, deadline) => {
      if (pattern.size * text.length <= workAtOnce) {
        return { kind: "ok", value: pattern.test(text) };
      }
      return await new Promise((resolve) => {
        const job: Job = {
          pattern,
          text,
          isOver: false,
          settle(attempt) {
            if (job.isOver) return;
            job.isOver = true;
            deadline.waited();
            resolve(attempt);
          },
        };
        deadline.wait(`match ${pattern.source}`, (fault) => {
          // The target has answered; that there was no time left to match is nothing it did.
          const own = fault.reason === "timeout" ? outOfTime(pattern) : fault;
          if (job === running) giveUp(own);
          else job.settle(failed(own));
        });
        if (job.isOver) return;
        queue.push(job);
        next();
      });
    },
    [Symbol.asyncDispose]: stop,
  };
}

function tooSlow(pattern: Pattern): Fault {
  const took = `did not finish within ${longestMatchMs / 1_000} s`;
  return faultOf("misconfigured", `matching ${JSON.stringify(pattern.source)} ${took}`);
}

function outOfTime(pattern: Pattern): Fault {
  return faultOf("misconfigured", `no time was left to match ${JSON.stringify(pattern.source)}`);
}
