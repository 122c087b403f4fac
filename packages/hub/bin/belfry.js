#!/usr/bin/env node
/** The `belfry` command, for any Node from 18 on: finds the Node 26 Belfry needs, and becomes it. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCacheDir, warmCache } from "@belfry/agent/compile-cache";
import { launch } from "@belfry/agent/launch";

const [command, ...rest] = process.argv.slice(2);
const { resolve } = createRequire(import.meta.url);

/** glibc: one pool of memory, and what is free goes back to the system. */
const sidecarMemory = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/**
 * Starts a program of Belfry's. One that stays (`runs`) finds its code in the compile cache, also at its first start.
 *
 * @param {{ name: string, main: string, args: string[], flags: string[], env?: Record<string, string>, runs: boolean }} program
 */
function start({ runs, ...program }) {
  const cacheDir = compileCacheDir(process.env);
  const env = {
    ...program.env,
    ...(cacheDir === undefined ? {} : { NODE_COMPILE_CACHE: cacheDir }),
  };
  launch({
    ...program,
    env,
    prepare(runtime, whole) {
      if (!runs || cacheDir === undefined) return;
      const { name, main, flags } = program;
      const packages = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
      const sources = ["contract", "relay", ...(name === "belfry" ? ["agent", "hub"] : [])];
      warmCache({
        runtime,
        flags,
        main,
        env: { ...whole, BELFRY_WARM: "1" },
        cacheDir,
        name: name.replaceAll(" ", "-"),
        sources: sources.map((one) => join(packages, one, "src")),
      });
    },
  });
}

if (command === "agent") {
  // A process of its own kind: little memory, and Node's permission model.
  const { launchAgent } = await import("@belfry/agent/launch-agent");
  launchAgent("belfry agent", rest);
} else if (command === "sidecar") {
  start({
    name: "belfry sidecar",
    main: resolve("@belfry/relay/main"),
    args: rest,
    // Under load nearly all is garbage at once: with V8's own settings twice the memory is used, for 5 % less CPU.
    flags: ["--max-semi-space-size=4"],
    env: sidecarMemory,
    runs: true,
  });
} else if (command === "spool") {
  const main = resolve("@belfry/relay/spool-main");
  start({ name: "belfry spool", main, args: rest, flags: [], runs: false });
} else {
  start({
    name: "belfry",
    main: fileURLToPath(new URL("../src/main.ts", import.meta.url)),
    args: process.argv.slice(2),
    // A hub makes much short-lived garbage and little else. With V8's own settings, meant for machines with memory to
    // spare, a hub with 1,000 monitors is half as large again; see `docs/ARCHITECTURE.md`, "Memory".
    flags: ["--max-semi-space-size=4", "--heap-growing-percent=25", "--no-parallel-scavenge"],
    runs: ["up", "hub", "worker"].includes(command ?? "") && !rest.includes("--help"),
  });
}
