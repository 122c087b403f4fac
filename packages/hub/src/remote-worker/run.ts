/** `belfry worker --hub URL`: a worker elsewhere in this process until a signal ends it. */
import { endWith, toldToStop } from "../process-end.ts";
import { createLog } from "../self/log.ts";
import type { WorkParts } from "../work.ts";
import { startRemoteWorker } from "./remote-worker.ts";

/** Runs until SIGTERM or SIGINT; a second signal ends it at once. Answers with the exit code. */
export async function runRemoteWorker({
  settings,
  file,
  notes,
  version,
  clock,
}: WorkParts): Promise<number> {
  const log = createLog(settings.log, (line) => void process.stderr.write(line));
  for (const note of notes) log.info(note);
  const worker = await startRemoteWorker(settings, { clock, log, version, stdout: process.stdout });
  // Whoever reads the address below may stop the worker the moment after.
  const told = toldToStop(false);
  process.stdout.write(
    `Belfry ${version} checks; its health is at ${worker.url}\n` +
      `  hub       ${settings.worker?.hub ?? ""}\n  location  ${settings.location}\n` +
      `  settings  ${file ?? "defaults"}\n`,
  );
  const cause = await told;
  worker.stopping();
  log.info({ cause }, "stopping");
  return endWith(worker, log);
}
