/** Loaded before each test file: what one of them compiled the others, and the next run, need not. */
import { enableCompileCache } from "node:module";
import { compileCacheDir } from "@belfry/agent/compile-cache";

enableCompileCache(compileCacheDir(process.env));
