/** Connections to PostgreSQL, set up so that they behave as the store promises whatever the server's defaults are. */
import { CompiledQuery, Kysely, sql } from "kysely";
import pg from "pg";
import { AppError } from "../../model/error.ts";
import { toAppError } from "../failure.ts";
import { asSchema, type MigrationScope } from "../migrations/run.ts";
import { settingsOf, StoreDialect } from "./dialect.ts";
import { withoutSecrets } from "./url.ts";

const { Pool, types } = pg;

/** Oldest server that is supported: 14. */
const oldestVersion = 140_000;

/** "BELFRY": hubs that start at the same time migrate one after another. */
const migrationLock = 0x42_45_4c_46;

const connectWithinMs = 5_000;

/** int8 and numeric come as text from the server: ours are whole numbers below 2^53, and floats. */
const numberTypes = new Set<number>([types.builtins.INT8, types.builtins.NUMERIC]);

export interface PostgresConnection extends AsyncDisposable {
  readonly db: Kysely<unknown>;
  /** Lines for the log: what the server does otherwise than the store would like. */
  readonly notes: readonly string[];
}

/** Connects with at most `connections` at a time, and checks that the server will do. */
export async function connectPostgres(
  url: string,
  connections: number,
): Promise<PostgresConnection> {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    application_name: "belfry",
    types: {
      getTypeParser: (id, format) =>
        numberTypes.has(id) && format !== "binary" ? Number : types.getTypeParser(id, format),
    },
  });
  // A connection that breaks while nobody uses it leaves the pool by itself.
  pool.on("error", () => undefined);
  // One that breaks between two statements of a transaction says so to nobody else; its next statement fails.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<unknown>({
    dialect: new StoreDialect({
      pool,
      onCreateConnection: async (connection) => {
        await connection.executeQuery(CompiledQuery.raw(settingsOf("session")));
      },
    }),
  });
  try {
    return {
      db,
      notes: await checkServer(db),
      [Symbol.asyncDispose]: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    if (error instanceof AppError) throw error;
    const { code, detail } = toAppError(error);
    const why = error instanceof Error && error.message !== "" ? ` (${error.message})` : "";
    throw new AppError(code, `${withoutSecrets(url)}: ${detail}${why}`, { cause: error });
  }
}

async function checkServer(db: Kysely<unknown>): Promise<readonly string[]> {
  const { rows } = await sql<{ version: number; text: string; encoding: string; fsync: string }>`
    select current_setting('server_version_num')::int as version,
      current_setting('server_version') as text,
      current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync`.execute(db);
  const [server] = rows;
  if (server === undefined) throw new AppError("unavailable", "the database said nothing");
  if (server.version < oldestVersion) {
    throw new AppError("internal", `PostgreSQL ${server.text} is too old: 14 is the oldest`);
  }
  if (server.encoding !== "UTF8") {
    throw new AppError("internal", `the database has the encoding ${server.encoding}, not UTF8`);
  }
  if (server.fsync === "on") return [];
  return ["the database runs with fsync off: what is acknowledged may be lost when it crashes"];
}

/** Migrations on this database, one hub at a time, however long they take. */
export function postgresMigrationScope(db: Kysely<unknown>): MigrationScope {
  return {
    engine: "postgres",
    transaction: (work) =>
      db.transaction().execute(async (transaction) => {
        await sql`select set_config('statement_timeout', '0', true),
          set_config('lock_timeout', '0', true)`.execute(transaction);
        await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(transaction);
        return work(asSchema(transaction));
      }),
  };
}
