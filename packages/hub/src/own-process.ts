/** What a process tells of itself, to its fleet and on the fleet page. */
import { hostname } from "node:os";
import type { OwnProcess } from "./api/fleet-port.ts";
import type { Checking } from "./checking.ts";
import type { Fleet } from "./fleet/port.ts";
import type { Board } from "./live/board.ts";
import type { Clock } from "./model/clock.ts";
import { createProcessFigures, type ProcessFigureKeeper } from "./self/process-figures.ts";
import { enabledMonitors } from "./taking-up.ts";

export interface OwnProcessParts {
  readonly settings: { readonly location: string };
  readonly clock: Clock;
  readonly board: Board;
  readonly kinds: Checking["kinds"];
  readonly fleet: Pick<Fleet, "holds">;
}

/** Begins to count how this process fares. */
export function openOwnProcess(
  parts: OwnProcessParts,
): OwnProcess & Pick<ProcessFigureKeeper, "started" | "missed"> {
  const { settings, clock } = parts;
  const figures = createProcessFigures({
    clock,
    monitors: () => countHeld(parts),
    cpuUsage: () => process.cpuUsage(),
  });
  return {
    name: processName(),
    location: settings.location,
    startedAt: clock.now(),
    figures: () => figures.read(),
    started: (lagSeconds) => figures.started(lagSeconds),
    missed: (slots) => figures.missed(slots),
  };
}

/** What a person finds a process by: its machine and its process number. */
export function processName(): string {
  return `${hostname()}:${process.pid}`;
}

/** Monitors that are not paused, and that this process looks after. */
function countHeld({ board, kinds, fleet }: OwnProcessParts): number {
  let count = 0;
  for (const { id, kind } of enabledMonitors(board)) {
    // Hosts have a kind that waits as well.
    const isHeard = kinds.get(kind)?.passive === true;
    if (fleet.holds({ kind: isHeard ? "hear" : "check", id })) count += 1;
  }
  return count;
}
