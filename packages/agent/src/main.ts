/**
 * The agent and the forwarder as processes, started by the programs in `bin/`, which say in `BELFRY_AGENT_COMMAND` as what.
 * Only here the process itself is touched: arguments, environment, streams, signals, exit code.
 */
import { flushCompileCache } from "node:module";
import { readFileSync } from "node:fs";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };
const name = process.env["BELFRY_AGENT_COMMAND"] || "belfry-agent";

// Whoever reads our output may go away; that must not end an agent that works.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

if (name === "warm") {
  // The launcher fills the compile cache with a process that ends here.
  await Promise.all([import("./command/run.ts"), import("./forward/run.ts")]);
  flushCompileCache();
} else {
  process.exitCode = await run();
  // What hangs (a file system that does not answer) must not hold up the end.
  setTimeout(() => process.exit(), 500).unref();
}

async function run(): Promise<number> {
  const stop = new AbortController();
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      stop.abort();
    });
  }
  const parts = {
    name,
    env: process.env,
    stdout: (text: string) => void process.stdout.write(text),
    stderr: (text: string) => void process.stderr.write(text),
    version,
    signal: stop.signal,
    clock: { now: Date.now, monotonicMs: () => performance.now() },
  };
  if (name === "system-stats-forwarder") {
    const { runForwarder } = await import("./forward/run.ts");
    return runForwarder(process.argv.slice(2), parts);
  }
  const { runAgentCommand } = await import("./command/run.ts");
  return runAgentCommand(process.argv.slice(2), parts);
}
