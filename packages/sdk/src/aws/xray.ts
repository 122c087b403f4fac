/** Runs straight to X-Ray: a segment in progress when one starts, the complete one at its end, subjobs as subsegments. */
import type { Delivery, Destination } from "../emit/delivery.ts";
import { QueueEmitter, type QueueOptions } from "../emit/queue-emitter.ts";
import type { JobEvent } from "../event.ts";
import { call } from "./call.ts";
import type { XRayClient } from "./clients.ts";
import { isEnd } from "./metrics.ts";
import { segmentOf, type SegmentDocument } from "./segment.ts";

export interface XRayOptions extends QueueOptions {
  /** `new XRay()` of `@aws-sdk/client-xray`. */
  readonly client: XRayClient;
  /** Name of the service in every segment; `wafer-monitor` unless told otherwise. */
  readonly serviceName?: string;
  /** Longest wait for an answer, in ms; 5,000 unless told otherwise. */
  readonly timeoutMs?: number;
}

/** Sends to X-Ray through the caller's client. Events between start and end have no place there and are passed by. */
export class XRayEmitter extends QueueEmitter {
  constructor(options: XRayOptions) {
    super(createDestination(options), options);
  }

  override send(event: JobEvent): void {
    if (event.event.kind === "started" || isEnd(event)) super.send(event);
  }
}

const mostDocuments = 50;
const passing = /Throttl|TooMany|Internal|Unavailable|Timeout/i;

function createDestination({ client, serviceName, timeoutMs }: XRayOptions): Destination {
  async function put(documents: readonly SegmentDocument[]): Promise<Delivery> {
    const TraceSegmentDocuments = documents.map(({ json }) => json);
    const outcome = await call(
      (its) => client.putTraceSegments({ TraceSegmentDocuments }, its),
      timeoutMs ?? 5_000,
    );
    if (outcome.name !== undefined) return outcome.failure;
    const unprocessed = outcome.answer.UnprocessedTraceSegments ?? [];
    const [first] = unprocessed;
    if (first === undefined) return { kind: "sent" };
    const why = `X-Ray did not process ${unprocessed.length}: ${first.ErrorCode ?? "no code"}`;
    // A document that comes again replaces itself: the whole batch may.
    return unprocessed.some(({ ErrorCode }) => passing.test(ErrorCode ?? ""))
      ? { kind: "retry", why, afterMs: 2_000 }
      : { kind: "partly", lost: unprocessed.length, why };
  }

  return {
    name: "X-Ray",
    deliver: async (lines) => {
      let lost = 0;
      let why = "";
      for (const part of partsOf(documentsOf(lines, serviceName ?? "wafer-monitor"))) {
        const delivery = await put(part);
        if (delivery.kind === "partly") {
          lost += delivery.lost;
          ({ why } = delivery);
        } else if (delivery.kind !== "sent") return delivery;
      }
      return lost === 0 ? { kind: "sent" } : { kind: "partly", lost, why };
    },
    deliverNow: () => false,
    close: () => undefined,
  };
}

/** The latest document of each run: a start whose end is there too is not sent. */
function documentsOf(lines: readonly string[], serviceName: string): readonly SegmentDocument[] {
  const documents = new Map<string, SegmentDocument>();
  for (const line of lines) {
    const event = eventOf(line);
    documents.set(event.entity.id, segmentOf(event, serviceName));
  }
  return [...documents.values()];
}

/** Guarantee: lines are what `lineOf` wrote of an event. */
function eventOf(line: string): JobEvent {
  return JSON.parse(line) as JobEvent;
}

function partsOf(documents: readonly SegmentDocument[]): readonly (readonly SegmentDocument[])[] {
  const parts: SegmentDocument[][] = [];
  for (let i = 0; i < documents.length; i += mostDocuments) {
    parts.push(documents.slice(i, i + mostDocuments));
  }
  return parts;
}
