#!/usr/bin/env node
/** The `belfry` command, for any Node from 18 on: finds the Node 26 Belfry needs, and becomes it. */
import { fileURLToPath } from "node:url";
import { launch } from "@belfry/agent/launch";

const [command, ...rest] = process.argv.slice(2);

if (command === "agent") {
  // A process of its own kind: little memory, and Node's permission model.
  const { launchAgent } = await import("@belfry/agent/launch-agent");
  launchAgent("belfry agent", rest);
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
