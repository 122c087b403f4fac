/** What the chaos suite has checked: a target in a thread of its own that knows who asked it for what, and when. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Every request so far, in order: epoch ms, the monitor's number, the process's number, and 1 where it was failed. */
export interface Requests {
  readonly times: Float64Array;
  readonly monitors: Uint16Array;
  readonly processes: Uint8Array;
  readonly failures: Uint8Array;
}

/** What the thread is told. */
export type TargetOrder =
  | { readonly kind: "open"; readonly processes: number }
  | { readonly kind: "fail"; readonly monitor: number; readonly from: number; readonly to: number }
  | { readonly kind: "take" };

/** What it answers. */
export type TargetAnswer =
  | { readonly kind: "opened"; readonly port: number; readonly names: readonly number[] }
  | { readonly kind: "taken"; readonly requests: Requests };

export interface ChaosTarget extends AsyncDisposable {
  /** What the monitor of a number (0 to 65,535) checks. */
  urlOf(monitor: number): string;
  /** The name server a process of a number asks: `127.0.0.1:PORT`. */
  resolverOf(process: number): string;
  /** Answers checks of a monitor with 500 between two moments, epoch ms. */
  fail(monitor: number, from: number, to: number): void;
  requests(): Promise<Requests>;
}

/** Starts it for so many processes, at most 200. */
export async function startChaosTarget(processes: number): Promise<ChaosTarget> {
  const worker = new Worker(new URL("target-thread.ts", import.meta.url));
  const order = (one: TargetOrder): void => worker.postMessage(one);
  async function ask<K extends TargetAnswer["kind"]>(
    one: TargetOrder,
    kind: K,
  ): Promise<Extract<TargetAnswer, { kind: K }>> {
    const answered = once(worker, "message");
    order(one);
    const [answer] = await answered;
    return expectAnswer(answer, kind);
  }
  const { port, names } = await ask({ kind: "open", processes }, "opened");
  return {
    urlOf: (monitor) => `http://m${monitor}.chaos.test:${port}/`,
    resolverOf: (process) => `127.0.0.1:${names[process]}`,
    fail: (monitor, from, to) => order({ kind: "fail", monitor, from, to }),
    requests: async () => (await ask({ kind: "take" }, "taken")).requests,
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/** Guarantee: the thread answers orders one by one, so that the next answer is the one that was asked for. */
function expectAnswer<K extends TargetAnswer["kind"]>(
  answer: unknown,
  kind: K,
): Extract<TargetAnswer, { kind: K }> {
  const isExpected =
    typeof answer === "object" && answer !== null && Reflect.get(answer, "kind") === kind;
  if (!isExpected) throw new Error(`the target's thread was asked for ${kind}`);
  return answer as Extract<TargetAnswer, { kind: K }>;
}
