/**
 * A process for tests to kill: commits changes to a store from several loops at once and says on its output what was
 * acknowledged, one line each, written before the next is begun.
 *
 *     node victim.ts DATABASE LOOPS [COUNT]     COUNT: changes after which it ends by itself
 *     monitor <id>          the monitor that all changes are about
 *     commit <n>            change n was acknowledged
 */
import { writeSync } from "node:fs";
import type { JudgeState } from "../../model/judgement.ts";
import {
  changeOf,
  create,
  failedCheckOf,
  frameOf,
  noLog,
  retention,
  transitionOf,
  upState,
} from "../contract/fixtures.ts";
import { createStore } from "../open.ts";

const [, , database = "", loops = "4", count = "Infinity"] = process.argv;
const store = await createStore({ database, retention }, { log: noLog });
const monitor = await create(store);
say(`monitor ${monitor.id}`);

let last = Date.now();
const end = last + Number(count);
async function commitAll(): Promise<void> {
  while (last < end) {
    last += 1;
    const n = last;
    const state: JudgeState = { ...upState, failuresInRow: n };
    await store.commit(
      changeOf({
        judged: [{ monitorId: monitor.id, state }],
        failedChecks: [failedCheckOf(monitor.id, { checkedAt: n, latencyMs: n })],
        transitions: [transitionOf(monitor.id, { at: n })],
        frames: [frameOf(monitor.id, n, n)],
      }),
    );
    say(`commit ${n}`);
  }
}
await Promise.all(Array.from({ length: Number(loops) }, commitAll));
await store[Symbol.asyncDispose]();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
