/**
 * What an operation of the store is: a function that runs in a store thread, on either engine. A write runs inside a
 * transaction (on SQLite: a savepoint of one) and is answered after its commit; a read sees one state of the database.
 */
import type { Frame } from "../../model/series.ts";
import type { Database, Engine } from "../tables.ts";

/** What an operation works with. */
export interface OperationContext {
  readonly db: Database;
  readonly engine: Engine;
  /** Frames that came with the call. Their arrays are views that are only valid during the call: copy what is kept. */
  readonly frames: readonly Frame[];
}

/** One operation; its arguments and its result can be cloned from one thread to another. */
export interface Operation<A extends readonly unknown[], R> {
  readonly mode: "read" | "write";
  readonly run: (context: OperationContext, ...args: A) => Promise<R>;
}

/** An operation that changes nothing. */
export function read<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "read", run };
}

/** An operation that writes: all of it or nothing. */
export function write<A extends readonly unknown[], R>(
  run: (context: OperationContext, ...args: A) => Promise<R>,
): Operation<A, R> {
  return { mode: "write", run };
}
