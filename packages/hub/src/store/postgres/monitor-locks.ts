/**
 * Rows of monitors held until the transaction ends, because another hub could delete or change one meanwhile. They are
 * locked in the order of their ids, so that no two transactions wait for each other.
 */
import type { MonitorLocks } from "../operations/operation.ts";
import type { Database } from "../tables.ts";
import { inChunks, rowsPerStatement } from "../values.ts";

/** Makes the locks of one transaction. */
export function createMonitorLocks(db: Database): MonitorLocks {
  return {
    async hold(ids, strength) {
      const found = new Set<string>();
      for (const some of inChunks([...ids].toSorted(), rowsPerStatement)) {
        const select = db.selectFrom("monitor").select("id").where("id", "in", some).orderBy("id");
        const locked = strength === "keep" ? select.forKeyShare() : select.forNoKeyUpdate();
        for (const row of await locked.execute()) found.add(row.id);
      }
      return found;
    },
    added: () => undefined,
    removed: () => undefined,
  };
}
