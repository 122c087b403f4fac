/**
 * PostgreSQL as Kysely speaks it, but each transaction that writes says itself how it is to behave, in the message that
 * begins it. A pooler that hands out connections by the transaction (pgbouncer) gives the settings of one session to
 * another, so what was set when a connection was made may not hold on the one that a transaction gets.
 */
import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
  type TransactionSettings,
} from "kysely";

/** A transaction that waits, or is forgotten, for longer than these gives up. An acknowledged write is on disk. */
export function settingsOf(scope: "session" | "transaction"): string {
  const isLocal = scope === "transaction";
  return `select set_config('statement_timeout', '60s', ${isLocal}),
    set_config('lock_timeout', '10s', ${isLocal}),
    set_config('idle_in_transaction_session_timeout', '60s', ${isLocal}),
    case when current_setting('synchronous_commit') = 'off'
      then set_config('synchronous_commit', 'on', ${isLocal}) end`;
}

class TransactionDriver extends PostgresDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    if (settings.accessMode === "read only") return super.beginTransaction(connection, settings);
    const level = settings.isolationLevel;
    const begin = level === undefined ? "begin" : `start transaction isolation level ${level}`;
    try {
      await connection.executeQuery(CompiledQuery.raw(`${begin}; ${settingsOf("transaction")}`));
    } catch (error) {
      // It may have begun: a connection in the middle of a transaction must not go back to the others.
      await connection.executeQuery(CompiledQuery.raw("rollback"));
      throw error;
    }
  }
}

/** The dialect of the store. */
export class StoreDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new TransactionDriver(this.#config);
  }
}
