/** Delivers to a destination that answers for each record of a request, or of the whole request that it does not fit. */
import type { RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import type { HttpVerdict } from "./verdict.ts";

/** One delivery for each record, in order, or a verdict on all of them. */
export type ItemsVerdict =
  | HttpVerdict
  | { readonly kind: "items"; readonly items: readonly RecordDelivery[] };

/**
 * One delivery for each record, in order. A request that is invalid or too large is sent again in halves until the records
 * at fault stand alone; after something that is worth waiting for, the rest is not tried.
 */
export async function deliverItems<R extends SinkRecord>(
  records: readonly R[],
  send: (records: readonly R[], signal: AbortSignal) => Promise<ItemsVerdict>,
  signal: AbortSignal,
): Promise<readonly RecordDelivery[]> {
  if (records.length === 0) return [];
  const verdict = await send(records, signal);
  if (verdict.kind === "items") return verdict.items;
  if (verdict.kind !== "invalid" && verdict.kind !== "too_large") return records.map(() => verdict);
  if (records.length === 1) return [{ kind: "refused", why: verdict.why }];
  const middle = Math.ceil(records.length / 2);
  const first = await deliverItems(records.slice(0, middle), send, signal);
  const rest = records.slice(middle);
  const stop = first.find(({ kind }) => kind === "retry" || kind === "misconfigured");
  if (stop !== undefined) return [...first, ...rest.map(() => stop)];
  return [...first, ...(await deliverItems(rest, send, signal))];
}
