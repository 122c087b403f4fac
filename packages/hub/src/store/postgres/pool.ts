/**
 * The thread that talks to PostgreSQL. Writes and reads have connections of their own, so that slow charts never hold
 * up what was decided about checks. Each write is one transaction; one that lost against another hub is tried again.
 */
import { sql, type Kysely } from "kysely";
import { isRetriable } from "../failure.ts";
import { migrateUp } from "../migrations/run.ts";
import type { Mode } from "../operations/operation.ts";
import { operations, runOperation } from "../operations/table.ts";
import type { Answer } from "../thread/messages.ts";
import { failureAnswer, type OpenEngine, type UnpackedCall } from "../thread/serve.ts";
import { connectPostgres, postgresMigrationScope } from "./connection.ts";
import { createPostgresContexts, type PostgresContexts } from "./context.ts";
import { createLane } from "./lane.ts";
import { inSnapshot } from "./transaction.ts";

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
  const { db } = connection;
  const done = await migrateUp(postgresMigrationScope(db), Date.now);
  const contexts = createPostgresContexts(settings.retention);
  const writes = createLane(writeConnections);
  const reads = createLane(readConnections);
  const resources = opened.move();
  return {
    notes: [...connection.notes, ...done.map((name) => `migrated the database: ${name}`)],
    take(calls) {
      for (const call of calls) {
        const lane = isWriting(modeOf(call)) ? writes : reads;
        lane.add(async () => answer([await settle(db, contexts, call)]));
      }
    },
    async close() {
      await Promise.all([writes.settled(), reads.settled()]);
      await resources.disposeAsync();
    },
  };
};

function modeOf({ name }: UnpackedCall): Mode {
  return name === "ping" ? "read" : operations[name].mode;
}

function isWriting(mode: Mode): boolean {
  return mode === "write" || mode === "upkeep";
}

async function settle(
  db: Kysely<unknown>,
  contexts: PostgresContexts,
  call: UnpackedCall,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { id: call.id, ok: true, value: await run(db, contexts, call) };
    } catch (error) {
      if (attempt === maxAttempts || !isRetriable(error)) return failureAnswer(call.id, error);
    }
  }
}

async function run(
  db: Kysely<unknown>,
  contexts: PostgresContexts,
  call: UnpackedCall,
): Promise<unknown> {
  const { name, args, frames } = call;
  if (name === "ping") return void (await sql`select 1`.execute(db));
  const runOn = (on: Kysely<unknown>): Promise<unknown> =>
    runOperation(name, contexts(on, frames), args);
  switch (modeOf(call)) {
    case "write":
    case "upkeep":
      return db.transaction().execute(runOn);
    case "snapshot":
      return inSnapshot(db, runOn);
    case "read":
      return runOn(db);
  }
}
