/** Starts the worker of a store thread. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { ThreadData, ThreadRole } from "./messages.ts";

/** The entry of a thread, TypeScript or built as this module is. */
const entry = new URL(`./entry${extname(import.meta.url)}`, import.meta.url);

/** What lives longer than a call is small: the default of 48 MB would only let each thread's memory grow. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Starts a worker that waits to be opened. */
export function startWorker(role: ThreadRole): Worker {
  const workerData: ThreadData = { role };
  return new Worker(entry, { name: `belfry-${role}`, workerData, resourceLimits });
}
