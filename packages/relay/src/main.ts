/** `belfry sidecar` as a process. */
import { readFileSync } from "node:fs";
import { runSidecarProcess } from "./command/run-process.ts";
import { eventSinkKinds } from "./sinks/sink-kinds.ts";

// The launcher fills the compile cache with a process that loads everything, and ends.
if (process.env["BELFRY_WARM"] === "1") {
  await import("./warm.ts");
  process.exit();
}

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

process.exitCode = await runSidecarProcess(process.argv.slice(2), eventSinkKinds, version);
// A sink that hangs (a file system that does not answer) must not hold up the end.
setTimeout(() => process.exit(), 500).unref();
