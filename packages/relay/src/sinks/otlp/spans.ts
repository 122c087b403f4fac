/** Finished runs as spans. A run is known to be one at its end only; how long it took gives its start. */
import type { SinkRecord } from "../../sink-record.ts";
import { endOf, metricOf } from "../run-end.ts";
import { eventFacts, exceptionFacts, jobName } from "./describe-record.ts";
import type { RunIds } from "./run-ids.ts";
import { attributesOf, textOf, type KeyValue } from "./value.ts";

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: readonly KeyValue[];
  }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

const internal = 1;
const statusOk = 1;
const statusError = 2;

/** The span of a record; undefined for everything but the end of a run. Without a duration the span has no length. */
export function spanOf(
  record: SinkRecord,
  nanos: bigint,
  ids: RunIds | undefined,
): Span | undefined {
  if (record.kind !== "job_event" || ids === undefined) return undefined;
  const { event } = record;
  const end = endOf(event.event);
  if (end === null) return undefined;
  const seconds = Math.max(0, metricOf(event.event.metrics, "duration_s") ?? 0);
  const took = BigInt(Math.round(Math.min(seconds * 1e9, Number(nanos))));
  const endTimeUnixNano = String(nanos);
  const exception = attributesOf(exceptionFacts(event));
  const message = exception.find(({ key }) => key === "exception.message")?.value;
  const failed = end === "failed";
  return {
    ...ids,
    name: textOf(jobName(event)),
    kind: internal,
    startTimeUnixNano: String(took > nanos ? 0n : nanos - took),
    endTimeUnixNano,
    attributes: attributesOf({ ...eventFacts(event), "belfry.run.status": end }),
    ...(failed && exception.length > 0
      ? {
          events: [{ timeUnixNano: endTimeUnixNano, name: "exception", attributes: exception }],
        }
      : {}),
    status: failed
      ? {
          code: statusError,
          ...(message !== undefined && "stringValue" in message
            ? { message: message.stringValue }
            : {}),
        }
      : end === "succeeded"
        ? { code: statusOk }
        : {},
  };
}
