/** `belfry up`: a hub in this process until a signal ends it. */
import { setTimeout as delay } from "node:timers/promises";
import { startHub } from "./app.ts";
import type { Settings } from "./config/settings.ts";
import type { Clock } from "./model/clock.ts";
import { createLog } from "./self/log.ts";

export interface UpParts {
  /** The settings file that was read; null where there is none. */
  readonly file: string | null;
  /** Lines a person should see: which aliases were used and the like. */
  readonly notes: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  /**
   * Whether npm runs this process. npm puts a shell in between, which ends on SIGTERM without passing it on: that the
   * parent is gone then means that somebody wants this process to stop.
   */
  readonly underNpm: boolean;
}

/** Stopping takes no longer than this; what is not done by then is done at the next start. */
const stopWithinMs = 4_500;

/** Runs until SIGTERM or SIGINT; a second signal ends it at once. Answers with the exit code. */
export async function runHub(settings: Settings, parts: UpParts): Promise<number> {
  const { version, clock } = parts;
  const log = createLog(settings.log, (line) => void process.stderr.write(line));
  for (const note of parts.notes) log.info(note);
  const hub = await startHub(settings, { clock, log, version, stdout: process.stdout });
  // Whoever reads the address below may stop the hub the moment after.
  const ends = [firstSignal(), ...(parts.underNpm ? [parentGone()] : [])];
  const people = settings.publicUrl ?? hub.url;
  const pages = settings.dashboard ? `${people}/dashboard/` : people;
  process.stdout.write(
    `Belfry ${version} listens on ${hub.url}\n  pages     ${pages}\n  data      ${settings.dataDir}\n` +
      `  settings  ${parts.file ?? "defaults"}\n`,
  );
  if (hub.keyFile !== null) process.stdout.write(`  first key ${hub.keyFile}\n`);
  const cause = await Promise.race(ends);
  log.info({ cause }, "stopping");
  const ended = await Promise.race([
    hub[Symbol.asyncDispose]().then(() => true),
    delay(stopWithinMs, false, { ref: false }),
  ]);
  if (!ended) log.warn("stopping took too long; the rest is taken up at the next start");
  process.exit(ended ? 0 : 1);
}

/** Resolves when the process that started this one has ended. */
async function parentGone(): Promise<"parent gone"> {
  const parent = process.ppid;
  while (process.ppid === parent) await delay(250, undefined, { ref: false });
  return "parent gone";
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) process.exit(signal === "SIGINT" ? 130 : 143);
      seen = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    process.on("SIGHUP", onSignal);
  });
}
