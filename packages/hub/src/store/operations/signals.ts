/** Signals on their way to alerting. */
import type { Signal } from "../../model/signal.ts";
import { fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";

/** See `AlertStore.pendingSignals`. */
export async function pendingSignals(
  { db }: OperationContext,
  limit: number,
): Promise<readonly { readonly sequence: number; readonly signal: Signal }[]> {
  const rows = await db
    .selectFrom("signal")
    .select(["sequence", "body"])
    .orderBy("sequence")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ sequence: row.sequence, signal: fromJson<Signal>(row.body) }));
}

/** See `AlertStore.putSignals`; other operations call it within their transaction. */
export async function putSignals(
  { db }: OperationContext,
  signals: readonly Signal[],
): Promise<void> {
  for (const some of inChunks(signals, rowsPerStatement)) {
    await db
      .insertInto("signal")
      .values(some.map((one) => ({ body: toJson(inWholeMs(one)) })))
      .execute();
  }
}

/** Incidents keep whole milliseconds: a time between two would be refused with every step that has it, again and again. */
function inWholeMs(signal: Signal): Signal {
  return { ...signal, at: Math.round(signal.at), decidedAt: Math.round(signal.decidedAt) };
}
