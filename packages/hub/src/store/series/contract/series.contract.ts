/** What the series core promises on any engine. Each engine's test hands in how to open an empty database. */
import { appendingContract } from "./appending.contract.ts";
import type { SeriesDatabase } from "./fixtures.ts";
import { maintenanceContract } from "./maintenance.contract.ts";
import { randomActions } from "./random-actions.contract.ts";
import { deletingContract } from "./deleting.contract.ts";
import { readingContract } from "./reading.contract.ts";
import { retentionContract } from "./retention.contract.ts";
import { shardsContract } from "./shards.contract.ts";
import { sourceContract } from "./source.contract.ts";

/** `randomRuns`: how many lists of random actions are tried. */
export function seriesContract(open: () => Promise<SeriesDatabase>, randomRuns: number): void {
  appendingContract(open);
  readingContract(open);
  maintenanceContract(open);
  shardsContract(open);
  sourceContract(open);
  deletingContract(open);
  retentionContract(open);
  randomActions(open, randomRuns);
}
