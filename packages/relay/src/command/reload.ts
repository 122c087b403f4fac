/**
 * Reading the settings of a running sidecar again. They are looked at as a whole before anything changes; where something is
 * wrong with them, one line says what, and everything goes on as it was. Sinks and redaction become others; for the address,
 * the token, the rate and the spool a sidecar is started anew.
 */
import type { SpoolLog } from "../spool/settings.ts";
import type { SidecarCommand, SidecarSettings } from "./settings.ts";
import type { SinkChange } from "./sink-set.ts";

export interface ReloadParts {
  readonly read: () => SidecarCommand;
  /** Makes them those that hold; rejects when that cannot be, and then the old ones do. */
  readonly change: (settings: SidecarSettings) => Promise<SinkChange>;
  readonly log: SpoolLog;
}

export interface Reloads {
  /** Begins one; while one is under way, another follows it, however often it is called. */
  begin(): void;
  /** Resolves when none is under way; none begins any more. */
  end(): Promise<void>;
}

/** See the top of the file. */
export function createReloads(parts: ReloadParts): Reloads {
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isOver = false;
  const run = async (): Promise<void> => {
    while (isWanted && !isOver) {
      isWanted = false;
      await reload(parts);
    }
    running = undefined;
  };
  return {
    begin() {
      isWanted = true;
      if (!isOver) running ??= run();
    },
    async end() {
      isOver = true;
      await running;
    },
  };
}

async function reload({ read, change, log }: ReloadParts): Promise<void> {
  const command = read();
  if (command.kind !== "run") {
    const problems = command.kind === "wrong" ? command.problems.join("; ") : command.kind;
    log.warn({ problems }, "the settings stay as they were: the new ones are wrong");
    return;
  }
  try {
    const { kept, started, stopped } = await change(command.settings);
    log.info({ kept, started, stopped }, "the settings were read again");
  } catch (error) {
    const problems = error instanceof Error ? error.message : String(error);
    log.warn({ problems }, "the settings stay as they were: the new ones cannot be used");
  }
}
