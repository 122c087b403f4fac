/** `belfry up` and `belfry hub`: a hub in this process until a signal ends it. */
import { setTimeout as delay } from "node:timers/promises";
import { startHub } from "./app.ts";
import type { Settings } from "./config/settings.ts";
import type { Clock } from "./model/clock.ts";
import { endWith, toldToStop } from "./process-end.ts";
import { createLog } from "./self/log.ts";

export interface UpParts {
  /** The settings file that was read; null where there is none. */
  readonly file: string | null;
  /** Lines a person should see: which aliases were used and the like. */
  readonly notes: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  /** Whether npm runs this process. */
  readonly underNpm: boolean;
}

/** Runs until SIGTERM or SIGINT; a second signal ends it at once. Answers with the exit code. */
export async function runHub(settings: Settings, parts: UpParts): Promise<number> {
  const { version, clock } = parts;
  const log = createLog(settings.log, (line) => void process.stderr.write(line));
  for (const note of parts.notes) log.info(note);
  const hub = await startHub(settings, { clock, log, version, stdout: process.stdout });
  // Whoever reads the address below may stop the hub the moment after.
  const told = toldToStop(parts.underNpm);
  const people = settings.publicUrl ?? hub.url;
  const pages = settings.dashboard ? `${people}/dashboard/` : people;
  process.stdout.write(
    `Belfry ${version} listens on ${hub.url}\n  pages     ${pages}\n  data      ${settings.dataDir}\n` +
      `  settings  ${parts.file ?? "defaults"}\n`,
  );
  if (hub.keyFile !== null) process.stdout.write(`  first key ${hub.keyFile}\n`);
  const cause = await told;
  hub.stopping();
  log.info({ cause }, "stopping");
  await delay(settings.drainMs);
  return endWith(hub, log);
}
