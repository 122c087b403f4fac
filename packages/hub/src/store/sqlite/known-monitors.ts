/**
 * Which monitors the database has, kept in memory by its only writer, so that a commit of many checks asks nothing.
 * After a rollback it is read anew.
 */
import type { Database } from "../tables.ts";
import type { MonitorLocks } from "../operations/operation.ts";

export class KnownMonitors implements MonitorLocks {
  readonly #db: Database;
  #ids: Set<string> | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  async hold(ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    this.#ids ??= await this.#read();
    const known = this.#ids;
    const found = new Set<string>();
    for (const id of ids) if (known.has(id)) found.add(id);
    return found;
  }

  added(id: string): void {
    this.#ids?.add(id);
  }

  removed(id: string): void {
    this.#ids?.delete(id);
  }

  /** What was added or removed since the transaction began did not happen. */
  rolledBack(): void {
    this.#ids = undefined;
  }

  async #read(): Promise<Set<string>> {
    const rows = await this.#db.selectFrom("monitor").select("id").execute();
    return new Set(rows.map((row) => row.id));
  }
}
