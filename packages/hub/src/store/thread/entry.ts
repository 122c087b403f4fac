/** Entry of every store thread: loads the engine of its role, and serves. */
import { workerData } from "node:worker_threads";
import { isThreadData, type ThreadRole } from "./messages.ts";
import type { OpenEngine } from "./serve.ts";

const roles = {
  writer: async () => (await import("../sqlite/writer.ts")).openWriter,
  reader: async () => (await import("../sqlite/reader.ts")).openReader,
  database: async () => (await import("../postgres/pool.ts")).openPool,
} as const satisfies Record<ThreadRole, () => Promise<OpenEngine>>;

if (!isThreadData(workerData)) throw new Error("this module is the entry of a store thread");
const { serve } = await import("./serve.ts");
serve(await roles[workerData.role]());
