import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe } from "node:test";
import { inTransaction } from "../sqlite/transaction.ts";
import { createSqliteSeriesTables } from "../sqlite/series-tables.ts";
import { retentionSchemaUp, seriesSchemaUp } from "./schema.ts";
import type { SeriesDatabase } from "./contract/fixtures.ts";
import { seriesContract } from "./contract/series.contract.ts";

function openMemory(): Promise<SeriesDatabase> {
  const database = new DatabaseSync(":memory:");
  return Promise.resolve(on(database, database, () => database.close()));
}

/** One handle writes and another reads, as the store's threads do. */
function openFile(): Promise<SeriesDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-series-"));
  const writer = new DatabaseSync(join(folder, "test.db"));
  writer.exec("pragma journal_mode = wal; pragma synchronous = off");
  const reader = new DatabaseSync(join(folder, "test.db"));
  return Promise.resolve(
    on(writer, reader, () => {
      writer.close();
      reader.close();
      rmSync(folder, { recursive: true });
    }),
  );
}

function on(writer: DatabaseSync, reader: DatabaseSync, close: () => void): SeriesDatabase {
  const schema = [...seriesSchemaUp("sqlite"), ...retentionSchemaUp("sqlite")];
  for (const statement of schema) writer.exec(statement);
  const [writes, reads] = [createSqliteSeriesTables(writer), createSqliteSeriesTables(reader)];
  return {
    write: (work) => inTransaction(writer, "BEGIN IMMEDIATE", () => work(writes)),
    read: (work) => inTransaction(reader, "BEGIN", () => work(reads)),
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

describe("series in memory", () => {
  seriesContract(openMemory, 60);
});

describe("series in a file", () => {
  seriesContract(openFile, 30);
});
