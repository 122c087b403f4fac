/** Delivers records one by one, for destinations that take one at a time. */
import type { RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import type { HttpVerdict } from "./verdict.ts";

/** One delivery for each record, in order; after something that is worth waiting for, the rest is not tried. */
export async function deliverEach<R extends SinkRecord>(
  records: readonly R[],
  send: (record: R, signal: AbortSignal) => Promise<HttpVerdict>,
  signal: AbortSignal,
): Promise<readonly RecordDelivery[]> {
  const answers: RecordDelivery[] = [];
  for (const record of records) {
    const verdict = await send(record, signal);
    if (verdict.kind === "retry" || verdict.kind === "misconfigured") {
      return [...answers, ...records.slice(answers.length).map(() => verdict)];
    }
    answers.push(verdict.kind === "sent" ? verdict : { kind: "refused", why: verdict.why });
  }
  return answers;
}
