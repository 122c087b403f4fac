/**
 * What an operation of the store is: a function that runs in a store thread, on either engine. A write runs inside a
 * transaction (on SQLite: a savepoint of one) and is answered after its commit.
 */
import type { Frame } from "../../model/series.ts";
import type { SeriesCore } from "../series/port.ts";
import type { SeriesTables } from "../series/tables.ts";
import type { Database, Engine } from "../tables.ts";

/** Monitors that must not go away, or change, while a transaction writes about them. */
export interface MonitorLocks {
  /**
   * Gives those of the ids that exist, and holds them until the transaction ends. `keep`: they cannot be deleted;
   * `change`: nobody else changes their status either. A transaction that needs both asks for `change` first.
   */
  hold(ids: ReadonlySet<string>, strength: "keep" | "change"): Promise<ReadonlySet<string>>;
  added(id: string): void;
  removed(id: string): void;
}

/** What an operation works with. */
export interface OperationContext {
  readonly db: Database;
  readonly engine: Engine;
  readonly monitors: MonitorLocks;
  readonly series: SeriesCore;
  /** The tables of series, in the same transaction as `db`. */
  readonly seriesTables: SeriesTables;
  /** Frames that came with the call. Their arrays are views that are only valid during the call: copy what is kept. */
  readonly frames: readonly Frame[];
}

/**
 * How an operation runs. `read` asks once; `snapshot` asks several times and sees one state of the database; `write`
 * changes it, all or nothing, together with other writes; `upkeep` is a write that takes its time and that nobody waits
 * for: others go first, and never wait for it and one another in the same transaction; `lease` is a short write about the
 * process itself, which waits for no other kind.
 */
export type Mode = "read" | "snapshot" | "write" | "upkeep" | "lease";

/** One operation; its arguments and its result can be cloned from one thread to another. */
export interface Operation<A extends readonly unknown[], R> {
  readonly mode: Mode;
  readonly run: (context: OperationContext, ...args: A) => Promise<R>;
}

/** An operation that changes nothing and asks once. */
export function read<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "read", run };
}

/** An operation that changes nothing and asks several times: it sees one state of the database. */
export function snapshot<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "snapshot", run };
}

/** An operation that writes: all of it or nothing. */
export function write<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "write", run };
}

/** An operation that writes in a piece of its own: nobody waits for it. */
export function upkeep<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "upkeep", run };
}

/** An operation about the process itself: it has a lane of its own. */
export function lease<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "lease", run };
}
