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
import { HintReceiver } from "./hints.ts";
import { createLane } from "./lane.ts";
import { inSnapshot } from "./transaction.ts";

const writeConnections = 4;
const readConnections = 6;
/** Renewing a lease waits for no write, however many there are. */
const leaseConnections = 1;
/** For signs of life to the connection that listens, which is one more. */
const hintConnections = 1;

const poolSize = writeConnections + readConnections + leaseConnections + hintConnections;

/** How often a transaction that lost is begun. */
const maxAttempts = 5;

/** Connects, brings the database to this release and takes calls in. */
export const openPool: OpenEngine = async (settings, answer) => {
  await using opened = new AsyncDisposableStack();
  const connection = opened.use(await connectPostgres(settings.database, poolSize));
  const { db } = connection;
  const done = await migrateUp(postgresMigrationScope(db), Date.now);
  const contexts = createPostgresContexts(settings.retention);
  const writes = createLane(writeConnections);
  const reads = createLane(readConnections);
  const leases = createLane(leaseConnections);
  const lanes = { write: writes, upkeep: writes, read: reads, snapshot: reads, lease: leases };
  const resources = opened.move();
  let hints: HintReceiver | undefined;
  return {
    notes: [...connection.notes, ...done.map((name) => `migrated the database: ${name}`)],
    take(calls) {
      for (const call of calls) {
        lanes[modeOf(call)].add(async () => answer([await settle(db, contexts, call)]));
      }
    },
    listen(tell) {
      hints ??= new HintReceiver({ url: settings.database, db, tell });
    },
    async close() {
      await hints?.[Symbol.asyncDispose]();
      await Promise.all([writes.settled(), reads.settled(), leases.settled()]);
      await resources.disposeAsync();
    },
  };
};

function modeOf({ name }: UnpackedCall): Mode {
  return name === "ping" ? "read" : operations[name].mode;
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
    case "lease":
      return db.transaction().execute(runOn);
    case "snapshot":
      return inSnapshot(db, runOn);
    case "read":
      return runOn(db);
  }
}
