/**
 * The one writer of a SQLite database. Everything that waits is done in one transaction, so that many writes share one
 * sync: BEGIN IMMEDIATE; for each call a savepoint, rolled back alone when the call fails; COMMIT; only then the
 * answers. Calls run strictly one after another, so that nothing else ever uses the handle in between.
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
  readonly answer: (answers: readonly Answer[]) => void;
  /** Told when what calls have done was undone. */
  readonly onRollback: () => void;
}

export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #queue: UnpackedCall[] = [];
  #running: Promise<void> | null = null;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  take(calls: readonly UnpackedCall[]): void {
    this.#queue.push(...calls);
    this.#running ??= this.#drain();
  }

  /** Resolves when everything taken in is answered. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Let every message that has arrived be taken in, so that it shares the sync.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue.slice(0, maxBatch);
      this.#queue = this.#queue.slice(batch.length);
      this.#parts.answer(await this.#commit(batch));
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
