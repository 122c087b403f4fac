/** A series store on an SQLite file opened as the hub's writer thread opens it, driven on a clock of its own. */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Frame } from "../../packages/hub/src/model/series.ts";
import { createSeriesCore } from "../../packages/hub/src/store/series/core.ts";
import { retentionSchemaUp, seriesSchemaUp } from "../../packages/hub/src/store/series/schema.ts";
import { openForWriting } from "../../packages/hub/src/store/sqlite/file.ts";
import { createSqliteSeriesTables } from "../../packages/hub/src/store/sqlite/series-tables.ts";
import { inTransaction } from "../../packages/hub/src/store/sqlite/transaction.ts";

const day = 24 * 60 * 60_000;
export const retention = {
  rawMs: 15 * day,
  fiveMinutesMs: 90 * day,
  hourMs: 730 * day,
  maxBytes: null,
};

export class SeriesFile implements Disposable {
  now = 0;
  /** Time spent in maintenance, in ms. */
  maintenanceMs = 0;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #core = createSeriesCore({ retention, now: () => this.now });
  #maintainedAt = 0;

  /** Nothing waits for the disk: it is the size that is measured here, not the speed. */
  constructor(file: string) {
    this.#file = file;
    this.#database = openForWriting(file);
    this.#database.exec("pragma synchronous = off");
    const schema = [...seriesSchemaUp("sqlite"), ...retentionSchemaUp("sqlite")];
    for (const statement of schema) this.#database.exec(statement);
  }

  /** One transaction, as a tick of the hub; maintains once a minute of the database's own time. */
  async append(now: number, frames: readonly Frame[]): Promise<void> {
    this.now = now;
    const tables = createTables(this.#database);
    await inTransaction(this.#database, "BEGIN IMMEDIATE", () => this.#core.append(tables, frames));
    if (now - this.#maintainedAt >= 60_000) await this.maintain(now);
  }

  async maintain(now: number): Promise<void> {
    this.now = now;
    this.#maintainedAt = now;
    const begin = performance.now();
    for (;;) {
      const tables = createTables(this.#database);
      const slice = await inTransaction(this.#database, "BEGIN IMMEDIATE", () =>
        this.#core.maintain(tables, now, 50),
      );
      if (!slice.more) break;
    }
    this.maintenanceMs += performance.now() - begin;
  }

  stats(): ReturnType<ReturnType<typeof createSeriesCore>["stats"]> {
    return this.#core.stats(createTables(this.#database));
  }

  /** Bytes on disk: the file with its free pages, and the log beside it. */
  bytes(): { file: number; log: number; free: number } {
    const pragma = (name: string): number =>
      Number(Object.values(this.#database.prepare(`pragma ${name}`).get() ?? {})[0]);
    return {
      file: pragma("page_count") * pragma("page_size"),
      free: pragma("freelist_count") * pragma("page_size"),
      log: statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    };
  }

  checkpoint(): void {
    this.#database.exec("pragma wal_checkpoint(truncate)");
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const made = new WeakMap<DatabaseSync, ReturnType<typeof createSqliteSeriesTables>>();

function createTables(database: DatabaseSync): ReturnType<typeof createSqliteSeriesTables> {
  const tables = made.get(database) ?? createSqliteSeriesTables(database);
  made.set(database, tables);
  return tables;
}
