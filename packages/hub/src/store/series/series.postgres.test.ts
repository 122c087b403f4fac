import { after, before, describe } from "node:test";
import { sql } from "kysely";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import { connectPostgres } from "../postgres/connection.ts";
import { createPostgresSeriesTables } from "../postgres/series-tables.ts";
import { inSnapshot } from "../postgres/transaction.ts";
import { randomActions } from "./random-actions.contract.ts";
import { seriesSchemaUp } from "./schema.ts";
import { seriesContract, type SeriesDatabase } from "./series.contract.ts";

describe("series on PostgreSQL", () => {
  let server: Postgres | undefined;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.[Symbol.asyncDispose]());

  async function open(): Promise<SeriesDatabase> {
    if (server === undefined) throw new Error("PostgreSQL was not started");
    const connection = await connectPostgres(await server.createDatabase(), 4);
    for (const statement of seriesSchemaUp("postgres"))
      await sql.raw(statement).execute(connection.db);
    return {
      write: (work) =>
        connection.db.transaction().execute((one) => work(createPostgresSeriesTables(one))),
      read: (work) => inSnapshot(connection.db, (one) => work(createPostgresSeriesTables(one))),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  }

  seriesContract(open);
  randomActions(open, 12);
});
