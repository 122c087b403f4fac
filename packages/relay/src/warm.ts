/** Loads all that a relay loads, its thread included, so that all of it is in the compile cache. */
import { flushCompileCache } from "node:module";
import "./index.ts";
import "./http.ts";
import "./command/run-process.ts";
import "./sinks/sink-kinds.ts";

// It says that it is no thread here; it is in the cache all the same.
await import("./spool/disk-thread.ts").catch(() => undefined);
flushCompileCache();
