/**
 * Delivers to a destination that takes or refuses a request as a whole. What it calls invalid or too large is sent again in
 * halves until the records at fault stand alone: only those are refused.
 */
import type { SinkRecord } from "../../sink-record.ts";
import type { RecordDelivery } from "../../event-sink.ts";
import type { HttpVerdict } from "./verdict.ts";

export type SendRecords = (
  records: readonly SinkRecord[],
  signal: AbortSignal,
) => Promise<HttpVerdict>;

/** One delivery for each record, in order. After something that is worth waiting for, the rest is not tried. */
export async function deliverWhole(
  records: readonly SinkRecord[],
  send: SendRecords,
  signal: AbortSignal,
): Promise<readonly RecordDelivery[]> {
  if (records.length === 0) return [];
  const verdict = await send(records, signal);
  if (verdict.kind !== "invalid" && verdict.kind !== "too_large") return records.map(() => verdict);
  if (records.length === 1) return [{ kind: "refused", why: verdict.why }];
  const middle = Math.ceil(records.length / 2);
  const first = await deliverWhole(records.slice(0, middle), send, signal);
  const rest = records.slice(middle);
  const stop = first.find(({ kind }) => kind === "retry" || kind === "misconfigured");
  if (stop !== undefined) return [...first, ...rest.map(() => stop)];
  return [...first, ...(await deliverWhole(rest, send, signal))];
}
