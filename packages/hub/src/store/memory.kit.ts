/**
 * A store for tests that make hundreds of them: the real operations and migrations on a real SQLite in memory, in this
 * thread, one call after another, each in a transaction of its own. It syncs nothing and has no queue.
 */
import { DatabaseSync } from "node:sqlite";
import { alertSettingCalls, type AlertSettingStore } from "./alert-setting-calls.ts";
import { retention } from "./contract/fixtures.ts";
import { toAppError } from "./failure.ts";
import { migrateUp } from "./migrations/run.ts";
import {
  runOperation,
  type Arguments,
  type OperationName,
  type Result,
} from "./operations/table.ts";
import type { AlertStore, OutboxStore } from "./port.ts";
import { createSqliteContexts } from "./sqlite/context.ts";
import { inTransaction, sqliteMigrationScope } from "./sqlite/transaction.ts";

export interface MemoryStore extends AlertStore, OutboxStore, AlertSettingStore, Disposable {}

/** Makes an empty database of this release. */
export async function createMemoryStore(): Promise<MemoryStore> {
  const database = new DatabaseSync(":memory:");
  await migrateUp(sqliteMigrationScope(database), () => 0);
  const contexts = createSqliteContexts(database, retention);
  let last: Promise<unknown> = Promise.resolve();

  function call<N extends OperationName>(name: N) {
    return (...args: Arguments<N>): Promise<Result<N>> => {
      const answer = last.then(() =>
        inTransaction(database, "BEGIN", () => runOperation(name, contexts.of([]), args)),
      );
      last = answer.catch(() => contexts.rolledBack());
      return answer.then(
        (value) => copied<Result<N>>(value),
        (error: unknown) => {
          throw toAppError(error);
        },
      );
    };
  }

  return {
    pendingTransitions: call("pendingTransitions"),
    pendingSignals: call("pendingSignals"),
    putSignals: call("putSignals"),
    commitAlerting: call("commitAlerting"),
    alertingState: call("alertingState"),
    alertingSteps: call("alertingSteps"),
    openIncidents: call("openIncidents"),
    incident: call("incident"),
    incidents: call("incidents"),
    incidentComments: call("incidentComments"),
    noticeGroups: call("noticeGroups"),
    recentNotices: call("recentNotices"),
    dueNotices: call("dueNotices"),
    releaseNotices: call("releaseNotices"),
    settleNotice: call("settleNotice"),
    notices: call("notices"),
    notice: call("notice"),
    deliveries: call("deliveries"),
    channelTotals: call("channelTotals"),
    secret: call("secret"),
    ...alertSettingCalls(call, call),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Guarantee: it is what the operation of that name answered; a copy, as it comes out of a thread. */
function copied<T>(value: unknown): T {
  return structuredClone(value) as T;
}
