/**
 * The store for commands: keys, the schema and its size, without threads, for a process that does one thing and ends.
 * What reads, and what writes keys, works beside a running hub; what changes the schema of a SQLite file needs it alone.
 */
import type { ApiKey, AuditEntry } from "../model/access.ts";
import { AppError } from "../model/error.ts";
import type { KeyId } from "../model/id.ts";
import { toAppError } from "./failure.ts";
import type { MigrationStatus } from "./migrations/run.ts";
import { createKey, keys, revokeKey } from "./operations/access.ts";
import type { OperationContext } from "./operations/operation.ts";
import { seriesStats } from "./operations/series.ts";
import type { SeriesStats, StoreSettings } from "./port.ts";
import { parsePostgresUrl } from "./postgres/url.ts";

/** An engine in this thread; one call at a time. */
export interface AdminEngine extends AsyncDisposable {
  /** Does every migration that is missing, and gives their names; `now` is epoch ms. */
  migrate(now: () => number): Promise<readonly string[]>;
  /** Undoes the last migration and gives its name; undefined when there was none. */
  rollback(): Promise<string | undefined>;
  status(): Promise<MigrationStatus>;
  /** Runs operations that read, on one state of the database. */
  read<T>(work: (context: OperationContext) => Promise<T>): Promise<T>;
  /** Runs operations in one transaction. */
  write<T>(work: (context: OperationContext) => Promise<T>): Promise<T>;
}

/** What `belfry db` does. Everything rejects with an `AppError`. */
export interface DatabaseAdmin extends AsyncDisposable {
  migrate(): Promise<readonly string[]>;
  rollback(): Promise<string | undefined>;
  status(): Promise<MigrationStatus>;
  /** Rejects with `conflict` when migrations are missing. */
  stats(): Promise<SeriesStats>;
}

/** What `belfry key` does. Everything rejects with an `AppError`. */
export interface KeyAdmin extends AsyncDisposable {
  keys(): Promise<readonly ApiKey[]>;
  createKey(key: ApiKey, audit: AuditEntry): Promise<void>;
  /** false: there is no such key, or it was revoked before. */
  revokeKey(id: KeyId, at: number, audit: AuditEntry): Promise<boolean>;
}

/** Opens the database as it is, without migrating it. */
export async function openDatabase(settings: StoreSettings): Promise<DatabaseAdmin> {
  const engine = await openEngine(settings);
  return {
    migrate: () => explained(engine.migrate(Date.now)),
    rollback: () => explained(engine.rollback()),
    status: () => explained(engine.status()),
    async stats() {
      const { pending } = await explained(engine.status());
      if (pending.length > 0) {
        throw new AppError("conflict", `the database lacks the migration ${pending.join(", ")}`);
      }
      return explained(engine.read((context) => seriesStats(context)));
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Opens the keys; migrates the database first where that is missing, and makes it when there is none. */
export async function openKeys(settings: StoreSettings): Promise<KeyAdmin> {
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(await openEngine(settings));
  const { pending } = await explained(engine.status());
  if (pending.length > 0) await explained(engine.migrate(Date.now));
  const resources = opened.move();
  return {
    keys: () => explained(engine.read((context) => keys(context))),
    createKey: (key, audit) => explained(engine.write((context) => createKey(context, key, audit))),
    revokeKey: (id, at, audit) =>
      explained(engine.write((context) => revokeKey(context, id, at, audit))),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Only the engine that is asked for is loaded. */
async function openEngine(settings: StoreSettings): Promise<AdminEngine> {
  const url = parsePostgresUrl(settings.database);
  if (url !== undefined) {
    const { openPostgresAdmin } = await import("./postgres/admin-engine.ts");
    return openPostgresAdmin(url, settings);
  }
  const { createSqliteAdmin } = await import("./sqlite/admin-engine.ts");
  return createSqliteAdmin(settings);
}

async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toAppError(error);
  }
}
