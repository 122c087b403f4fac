import { after, before, describe } from "node:test";
import { sql } from "kysely";
import { startPostgres } from "../../../../../test/kit/postgres.ts";
import { connectPostgres, type PostgresConnection } from "../postgres/connection.ts";
import { createPostgresSeriesTables } from "../postgres/series-tables.ts";
import { inSnapshot } from "../postgres/transaction.ts";
import type { SeriesDatabase } from "./contract/fixtures.ts";
import { seriesContract } from "./contract/series.contract.ts";
import { seriesSchemaDown, seriesSchemaUp } from "./schema.ts";

describe("series on PostgreSQL", () => {
  const resources = new AsyncDisposableStack();
  let connection: PostgresConnection | undefined;
  before(async () => {
    const server = resources.use(await startPostgres());
    connection = resources.use(await connectPostgres(await server.createDatabase(), 4));
  });
  after(() => resources.disposeAsync());

  async function open(): Promise<SeriesDatabase> {
    if (connection === undefined) throw new Error("PostgreSQL was not started");
    const { db } = connection;
    const run = async (statements: readonly string[]): Promise<void> => {
      for (const statement of statements) await sql.raw(statement).execute(db);
    };
    await run(seriesSchemaUp("postgres"));
    return {
      write: (work) => db.transaction().execute((one) => work(createPostgresSeriesTables(one))),
      read: (work) => inSnapshot(db, (one) => work(createPostgresSeriesTables(one))),
      [Symbol.asyncDispose]: () => run(seriesSchemaDown),
    };
  }

  seriesContract(open, 12);
});
