/**
 * The one writer of a SQLite database. Everything that waits is done in one transaction, so that many writes share one
 * sync: BEGIN IMMEDIATE; for each call a savepoint, rolled back alone when the call fails; COMMIT; only then the
 * answers. Calls run strictly one after another, so that nothing else ever uses the handle in between.
 *
 * Upkeep has transactions of its own, one after each of the others: what is written waits for one piece of it at most.
 */
import type { DatabaseSync } from "node:sqlite";
import { toAppError } from "../failure.ts";
import { failureAnswer, type UnpackedCall } from "../thread/serve.ts";
import type { Answer } from "../thread/messages.ts";

/** Calls of one transaction: bounds how long the first of them waits for the last. */
const maxBatch = 1_000;

export interface GroupCommitParts {
  readonly database: DatabaseSync;
  readonly run: (call: UnpackedCall) => Promise<unknown>;
  readonly isUpkeep: (call: UnpackedCall) => boolean;
  readonly answer: (answers: readonly Answer[]) => void;
  /** Told when what calls have done was undone. */
  readonly onRollback: () => void;
}

export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #queue: UnpackedCall[] = [];
  #upkeep: UnpackedCall[] = [];
  #running: Promise<void> | null = null;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  take(calls: readonly UnpackedCall[]): void {
    for (const call of calls) {
      (this.#parts.isUpkeep(call) ? this.#upkeep : this.#queue).push(call);
    }
    this.#running ??= this.#drain();
  }

  /** Resolves when everything taken in is answered. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length + this.#upkeep.length > 0) {
      // Let every message that has arrived be taken in, so that it shares the sync.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue.slice(0, maxBatch);
      this.#queue = this.#queue.slice(batch.length);
      if (batch.length > 0) this.#parts.answer(await this.#commit(batch));
      const piece = this.#upkeep.shift();
      if (piece !== undefined) this.#parts.answer(await this.#commit([piece]));
    }
    this.#running = null;
  }

  async #commit(batch: readonly UnpackedCall[]): Promise<readonly Answer[]> {
    const { database } = this.#parts;
    const answers: Answer[] = [];
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const call of batch) answers.push(await this.#runOne(call));
      database.exec("COMMIT");
      return answers;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      this.#parts.onRollback();
      return batch.map(({ id }) => failureAnswer(id, error));
    }
  }

  /** Throws only when the whole transaction is gone: SQLite rolls it back by itself when the disk is full. */
  async #runOne(call: UnpackedCall): Promise<Answer> {
    const { database, run, onRollback } = this.#parts;
    database.exec("SAVEPOINT call");
    try {
      const value = await run(call);
      database.exec("RELEASE call");
      return { id: call.id, ok: true, value };
    } catch (error) {
      if (!database.isTransaction) throw error;
      database.exec("ROLLBACK TO call; RELEASE call");
      onRollback();
      return failureAnswer(call.id, toAppError(error));
    }
  }
}
