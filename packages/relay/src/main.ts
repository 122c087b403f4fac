/** `belfry sidecar` as a process. The compile cache comes before everything that is worth caching. */
import { enableCompileCache } from "node:module";

enableCompileCache();

const { readFileSync } = await import("node:fs");
const { runSidecarProcess } = await import("./command/run-process.ts");
const { eventSinkKinds } = await import("./sinks/sink-kinds.ts");

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

process.exitCode = await runSidecarProcess(process.argv.slice(2), eventSinkKinds, version);
// A sink that hangs (a file system that does not answer) must not hold up the end.
setTimeout(() => process.exit(), 500).unref();
