/** The entry of the thread of remote write. */
import { enableCompileCache } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { SpoolError } from "../spool/settings.ts";
import type { FromThread, ThreadData, ToThread } from "./messages.ts";
import { openRemoteWriteStore, type RemoteWriteStore } from "./store.ts";

const statusMs = 500;

/** Guarantee: `remote-write.ts` starts this file with such data. */
function dataOf(data: unknown): ThreadData {
  return data as ThreadData;
}

function say(message: FromThread): void {
  parentPort?.postMessage(message);
}

async function run({ settings, compileCache }: ThreadData): Promise<void> {
  if (compileCache !== null) enableCompileCache(compileCache);
  let store: RemoteWriteStore;
  try {
    store = await openRemoteWriteStore(settings, {
      log: {
        info: (fields, message) => say({ kind: "log", level: "info", fields, message }),
        warn: (fields, message) => say({ kind: "log", level: "warn", fields, message }),
      },
      clock: { now: Date.now, monotonicMs: () => performance.now() },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      random: Math.random,
    });
  } catch (error) {
    const code = error instanceof SpoolError ? error.code : "disk_failed";
    const message = error instanceof Error ? error.message : String(error);
    return say({ kind: "failed", code, message });
  }
  const status = (): void => say({ kind: "status", status: store.status() });
  const timer = setInterval(status, statusMs);
  status();
  say({ kind: "opened" });
  parentPort?.on("message", (message: ToThread) => {
    if (message.kind === "put") {
      void store.put(message.batch).then(() => say({ kind: "stored" }));
      return;
    }
    clearInterval(timer);
    void store[Symbol.asyncDispose]().then(() => {
      status();
      parentPort?.close();
    });
  });
}

await run(dataOf(workerData));
