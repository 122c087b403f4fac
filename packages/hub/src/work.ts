/** `belfry worker`: a worker in this process until a signal ends it. */
import { shownDatabase } from "./config/database.ts";
import type { Settings } from "./config/settings.ts";
import type { Clock } from "./model/clock.ts";
import { endWith, toldToStop } from "./process-end.ts";
import { createLog } from "./self/log.ts";
import { startWorker } from "./worker.ts";

export interface WorkParts {
  readonly settings: Settings;
  /** The settings file that was read; null where there is none. */
  readonly file: string | null;
  /** Lines a person should see: which aliases were used and the like. */
  readonly notes: readonly string[];
  readonly version: string;
  readonly clock: Clock;
}

/** Runs until SIGTERM or SIGINT; a second signal ends it at once. Answers with the exit code. */
export async function runWorker({
  settings,
  file,
  notes,
  version,
  clock,
}: WorkParts): Promise<number> {
  const log = createLog(settings.log, (line) => void process.stderr.write(line));
  for (const note of notes) log.info(note);
  const worker = await startWorker(settings, { clock, log, version, stdout: process.stdout });
  // Whoever reads the address below may stop the worker the moment after.
  const told = toldToStop(false);
  process.stdout.write(
    `Belfry ${version} checks; its health is at ${worker.url}\n` +
      `  database  ${shownDatabase(settings.database)}\n  location  ${settings.location}\n` +
      `  settings  ${file ?? "defaults"}\n`,
  );
  const cause = await told;
  worker.stopping();
  log.info({ cause }, "stopping");
  return endWith(worker, log);
}
