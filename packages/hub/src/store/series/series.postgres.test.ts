import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { startPostgres } from "../../../../../test/kit/postgres.ts";
import { connectPostgres, type PostgresConnection } from "../postgres/connection.ts";
import { createPostgresSeriesTables } from "../postgres/series-tables.ts";
import { inSnapshot } from "../postgres/transaction.ts";
import { isRetriable } from "../failure.ts";
import { Bench, frameOf, hour, minute, origin, type SeriesDatabase } from "./contract/fixtures.ts";
import { seriesContract } from "./contract/series.contract.ts";
import {
  retentionSchemaDown,
  retentionSchemaUp,
  seriesSchemaDown,
  seriesSchemaUp,
} from "./schema.ts";

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
    await run([...seriesSchemaUp("postgres"), ...retentionSchemaUp("postgres")]);
    return {
      write: (work) => db.transaction().execute((one) => work(createPostgresSeriesTables(one))),
      read: (work) => inSnapshot(db, (one) => work(createPostgresSeriesTables(one))),
      [Symbol.asyncDispose]: () => run([...retentionSchemaDown, ...seriesSchemaDown]),
    };
  }

  seriesContract(open, 12);

  test("two hubs that append, seal and delete at the same time lose nothing", async () => {
    await using database = await open();
    const names = ["m0", "m1", "m2", "m3", "m4", "m5"];
    const rounds = 40;
    const work = async (hub: number): Promise<void> => {
      const bench = new Bench(database);
      for (let round = 0; round < rounds; round += 1) {
        // Each hub gives slots to series that the other knows or does not know yet.
        const name = names[(round + hub * 3) % names.length] ?? "";
        const at = origin + (round % 4) * 2 * hour + round * 1000 + hub;
        bench.now = origin + 3 * hour;
        await retrying(() => bench.append(frameOf("host:a", name, [at, round])));
        await retrying(() => bench.append(frameOf(`host:gone${round % 3}`, name, [at, round])));
        // In the same windows, between what stays: samples that the other hub may be deleting just now.
        const victim = at + hour;
        await retrying(() => bench.append(frameOf("host:a", "victim", [victim, round])));
        if (round % 3 === 2) {
          await retrying(() => bench.deleteSamples("host:a", victim, victim + 59 * minute));
        }
        if (round % 5 === 4)
          await retrying(() => bench.maintain(origin + 6 * hour + round * 11 * minute));
        if (round % 7 === 6) {
          await retrying(() =>
            database.write((tables) => bench.core.deleteSource(tables, `host:gone${round % 3}`)),
          );
        }
      }
    };
    await Promise.all([work(0), work(1)]);
    const bench = new Bench(database);
    await bench.maintain(origin + 20 * hour);
    let found = 0;
    for (const name of names) {
      for (const [time, value] of (await bench.rawOf("host:a", name)) ?? []) {
        const hub = time % 1000;
        assert.equal(name, names[(value + hub * 3) % names.length]);
        assert.equal(time, origin + (value % 4) * 2 * hour + value * 1000 + hub);
        found += 1;
      }
    }
    assert.equal(found, rounds * 2);
  });
});

/** Begins a transaction anew that lost against another, as the store does. */
async function retrying(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === 5 || !isRetriable(error)) throw error;
    }
  }
}
