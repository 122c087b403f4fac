/** What X-Ray says of documents it did not process, read item by item. */
import type { UnprocessedTraceSegment } from "@aws-sdk/client-xray";
import type { RecordDelivery } from "../../event-sink.ts";
import type { PartAnswer } from "../aws/deliver-in-parts.ts";
import type { SegmentDocument } from "./segment.ts";

/** No fault of the document. */
const passing = /Throttl|TooMany|Internal|Unavailable|Timeout/i;
const throttledMs = 2_000;

/** One answer for each document. When X-Ray names one by no id that is known, all of the request are tried in halves. */
export function answersOf(
  documents: readonly SegmentDocument[],
  unprocessed: readonly UnprocessedTraceSegment[],
): PartAnswer {
  const [first] = unprocessed;
  if (first === undefined) return { kind: "sent" };
  const failures = new Map(unprocessed.map((one) => [one.Id ?? "", failureOf(one)]));
  const [only] = documents;
  if (documents.length === 1 && only !== undefined)
    return [failures.get(only.id) ?? failureOf(first)];
  const known = new Set(documents.map(({ id }) => id));
  if (unprocessed.some(({ Id }) => Id === undefined || !known.has(Id))) {
    return { kind: "invalid", why: whyOf(first) };
  }
  return documents.map(({ id }) => failures.get(id) ?? { kind: "sent" });
}

function failureOf(one: UnprocessedTraceSegment): RecordDelivery {
  const why = whyOf(one);
  if (!passing.test(one.ErrorCode ?? "")) return { kind: "refused", why };
  return { kind: "retry", why, afterMs: throttledMs };
}

function whyOf({ ErrorCode, Message }: UnprocessedTraceSegment): string {
  return `X-Ray did not process it: ${ErrorCode ?? "no code"}: ${Message ?? "no message"}`.slice(
    0,
    300,
  );
}
