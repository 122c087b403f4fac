/** Loads all that a hub loads, its threads and the relay included, so that all of it is in the compile cache. */
import { flushCompileCache } from "node:module";
import "./up.ts";
import "./work.ts";
import "./probe/pattern-worker.ts";
import "./store/admin.ts";
import "./store/postgres/pool.ts";
import "./store/sqlite/reader.ts";
import "./store/sqlite/writer.ts";
import "./store/thread/serve.ts";
import "@belfry/relay/warm";

// It says that it is no thread here; it is in the cache all the same.
await import("./store/thread/entry.ts").catch(() => undefined);
flushCompileCache();
