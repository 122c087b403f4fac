/** What the series core promises on any engine. Each engine's test hands in how to open an empty database. */
import { appendingContract } from "./appending.contract.ts";
import type { SeriesDatabase } from "./fixtures.ts";
import { maintenanceContract } from "./maintenance.contract.ts";
import { randomActions } from "./random-actions.contract.ts";
import { readingContract } from "./reading.contract.ts";

/** `randomRuns`: how many lists of random actions are tried. */
export function seriesContract(open: () => Promise<SeriesDatabase>, randomRuns: number): void {
  appendingContract(open);
  readingContract(open);
  maintenanceContract(open);
  randomActions(open, randomRuns);
}
