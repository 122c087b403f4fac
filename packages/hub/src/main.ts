/**
 * The `belfry` command. Only here the process itself is touched: its arguments, environment, streams, signals and exit
 * code.
 */
import { readFileSync } from "node:fs";
import { runCommand } from "./command/run.ts";
import { systemClock } from "./model/clock.ts";
import { createId } from "./model/id.ts";

// The launcher fills the compile cache with a process that loads everything, and ends.
if (process.env["BELFRY_WARM"] === "1") {
  await import("./warm.ts");
  process.exit();
}

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

// Whoever reads our output may go away (`belfry up | head`); that must not end a hub that works.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  readText: (path) => readFileSync(path, "utf8"),
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  version,
  clock: systemClock,
  newId: createId,
  up: async (mode, { settings, file, notes }) => {
    const { runHub } = await import("./up.ts");
    const underNpm = process.env["npm_lifecycle_event"] === "start";
    return runHub(mode === "up" ? settings : { ...settings, agent: null }, {
      file,
      notes,
      version,
      clock: systemClock,
      underNpm,
    });
  },
  worker: async (configuration) => {
    if (configuration.settings.worker !== null) {
      const { runRemoteWorker } = await import("./remote-worker/run.ts");
      return runRemoteWorker({ ...configuration, version, clock: systemClock });
    }
    const { runWorker } = await import("./work.ts");
    return runWorker({ ...configuration, version, clock: systemClock });
  },
  openKeys: async (settings) => {
    const { openKeys } = await import("./store/admin.ts");
    return openKeys(settings);
  },
  openDatabase: async (settings) => {
    const { openDatabase } = await import("./store/admin.ts");
    return openDatabase(settings);
  },
  probe: async (request, settings) => {
    const { runProbeCommand } = await import("./probe-command.ts");
    return runProbeCommand(request, {
      settings,
      clock: systemClock,
      version,
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
    });
  },
});
