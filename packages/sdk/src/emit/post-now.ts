/**
 * One POST at the very end of a process, where promises and timers no longer run: a thread makes the request while this
 * one waits, for at most `timeoutMs`. A thread and not a program: it needs no rights and no file of its own.
 */
import { Worker } from "node:worker_threads";

export interface LastPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Runs in the thread; JavaScript, since it is handed over as text. */
const script = `
const { workerData: { url, headers, body, timeoutMs, cell } } = require("node:worker_threads");
const end = (value) => { Atomics.store(cell, 0, value); Atomics.notify(cell, 0); };
const { request } = require(url.startsWith("https:") ? "node:https" : "node:http");
const sent = request(url, { method: "POST", agent: false, headers, timeout: timeoutMs }, (answer) => {
  answer.resume();
  answer.once("end", () => end(answer.statusCode >= 200 && answer.statusCode < 300 ? 1 : 2));
});
sent.once("timeout", () => sent.destroy());
sent.once("error", () => end(2));
sent.end(body);
`;

/** Whether it was taken in time. Never throws. */
export function postNow(post: LastPost): boolean {
  try {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    // Without the program's own flags and environment: nothing it loads at start is wanted here.
    const worker = new Worker(script, {
      eval: true,
      env: {},
      execArgv: [],
      workerData: { ...post, cell },
    });
    worker.on("error", () => undefined);
    worker.unref();
    Atomics.wait(cell, 0, 0, post.timeoutMs);
    return cell[0] === 1;
  } catch {
    return false;
  }
}
