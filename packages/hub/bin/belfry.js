#!/usr/bin/env node
/** The `belfry` command, for any Node from 18 on: finds the Node 26 Belfry needs, and becomes it. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { launch } from "@belfry/agent/launch";

const [command, ...rest] = process.argv.slice(2);

/** glibc: one pool of memory, and what is free goes back to the system. */
const sidecarMemory = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

if (command === "agent") {
  // A process of its own kind: little memory, and Node's permission model.
  const { launchAgent } = await import("@belfry/agent/launch-agent");
  launchAgent("belfry agent", rest);
} else if (command === "sidecar") {
  launch({
    name: "belfry sidecar",
    main: createRequire(import.meta.url).resolve("@belfry/relay/main"),
    args: rest,
    // Under load nearly all is garbage at once: with V8's own settings twice the memory is used, for 5 % less CPU.
    flags: ["--max-semi-space-size=4"],
    env: sidecarMemory,
  });
} else if (command === "spool") {
  const main = createRequire(import.meta.url).resolve("@belfry/relay/spool-main");
  launch({ name: "belfry spool", main, args: rest, flags: [] });
} else {
  launch({
    name: "belfry",
    main: fileURLToPath(new URL("../src/main.ts", import.meta.url)),
    args: process.argv.slice(2),
    // A hub makes much short-lived garbage and little else. With V8's own settings, meant for machines with memory to
    // spare, a hub with 1,000 monitors is half as large again; see `docs/ARCHITECTURE.md`, "Memory".
    flags: ["--max-semi-space-size=4", "--heap-growing-percent=25", "--no-parallel-scavenge"],
  });
}
