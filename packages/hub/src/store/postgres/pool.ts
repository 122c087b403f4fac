/**
 * The thread that talks to PostgreSQL. Writes and reads have connections of their own, so that slow charts
 * never hold up what was decided about checks. Each write is one transaction; one that lost against another hub is
 * tried again.
 */
import { migrateUp } from "../migrations/run.ts";
import { isRetriable } from "../failure.ts";
import { operations, runOperation } from "../operations/table.ts";
import type { Database, Tables } from "../tables.ts";
import type { Answer } from "../thread/messages.ts";
import { failureAnswer, type OpenEngine, type UnpackedCall } from "../thread/serve.ts";
import { sql, type Kysely } from "kysely";
import { connectPostgres, postgresMigrationScope } from "./connection.ts";
import { createLane } from "./lane.ts";

const writeConnections = 4;
const readConnections = 6;

/** How often a transaction that lost is begun. */
const maxAttempts = 5;

/** Connects, brings the database to this release and takes calls in. */
export const openPool: OpenEngine = async (settings, answer) => {
  await using opened = new AsyncDisposableStack();
  const connection = opened.use(
    await connectPostgres(settings.database, writeConnections + readConnections),
  );
  const done = await migrateUp(postgresMigrationScope(connection.db), Date.now);
  const db = typed(connection.db);
  const writes = createLane(writeConnections);
  const reads = createLane(readConnections);
  const resources = opened.move();
  return {
    notes: [...connection.notes, ...done.map((name) => `migrated the database: ${name}`)],
    take(calls) {
      for (const call of calls) {
        const lane = isWrite(call) ? writes : reads;
        lane.add(async () => answer([await settle(db, call)]));
      }
    },
    async close() {
      await Promise.all([writes.settled(), reads.settled()]);
      await resources.disposeAsync();
    },
  };
};

/** Guarantee: the migrations have made exactly the tables of `Tables`. */
function typed(db: Kysely<unknown>): Database {
  return db as unknown as Kysely<Tables>;
}

function isWrite({ name }: UnpackedCall): boolean {
  return name !== "ping" && operations[name].mode === "write";
}

async function settle(db: Database, call: UnpackedCall): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { id: call.id, ok: true, value: await runCall(db, call) };
    } catch (error) {
      if (attempt === maxAttempts || !isRetriable(error)) return failureAnswer(call.id, error);
    }
  }
}

async function runCall(db: Database, { name, args, frames }: UnpackedCall): Promise<unknown> {
  if (name === "ping") return void (await sql`select 1`.execute(db));
  const run = (on: Database): Promise<unknown> =>
    runOperation(name, { db: on, engine: "postgres", frames }, args);
  switch (operations[name].mode) {
    case "write":
      return db.transaction().execute(run);
    case "read":
      return run(db);
  }
}
