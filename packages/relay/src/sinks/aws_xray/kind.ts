/**
 * Sink `aws_xray`: a run becomes a segment when it starts (in progress) and again, complete, when it ends; subjobs are
 * subsegments of their parent's trace. Ids come from ids of runs: a document that is sent twice replaces itself, and the end of
 * a run fits its start after a restart. Other events of runs have no place in X-Ray and count as sent.
 */
import type { EventSink, EventSinkKind, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { awsClientOptions, awsSecretTexts, callAws, lazily } from "../aws/client.ts";
import { deliverInParts, partsWithin, type PartAnswer } from "../aws/deliver-in-parts.ts";
import { healthOf } from "../aws/health.ts";
import { awsSecrets } from "../aws/settings.ts";
import { createKnownRuns, isEnd, type KnownRuns } from "./known-runs.ts";
import { segmentOf, type SegmentDocument } from "./segment.ts";
import { parseXRaySettings, XRaySettingsSchema, type XRaySettings } from "./settings.ts";
import { answersOf } from "./unprocessed.ts";

export const awsXrayKind: EventSinkKind = {
  type: "aws_xray",
  title: "AWS X-Ray",
  schema: XRaySettingsSchema,
  secrets: awsSecrets,
  takes: ["job_event"],
  batch: { maxEvents: 200, maxBytes: 1024 * 1024 },
  parseSettings: parseXRaySettings,
  create: (settings) => createXRaySink(asSettings(settings)),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): XRaySettings {
  return settings as XRaySettings;
}

/** Documents of one request. */
const mostDocuments = 50;

function createXRaySink(settings: XRaySettings): EventSink {
  const call = { timeoutMs: settings.timeout * 1000, secrets: awsSecretTexts(settings) };
  const runs = createKnownRuns();
  const using = lazily(async () => {
    const aws = await import("@aws-sdk/client-xray");
    return { aws, client: new aws.XRayClient(awsClientOptions(settings)) };
  });

  async function put(
    documents: readonly SegmentDocument[],
    signal: AbortSignal,
  ): Promise<PartAnswer> {
    const outcome = await callAws(
      async (ended) => {
        const { aws, client } = await using.get();
        const TraceSegmentDocuments = documents.map(({ json }) => json);
        const command = new aws.PutTraceSegmentsCommand({ TraceSegmentDocuments });
        return await client.send(command, { abortSignal: ended });
      },
      call,
      signal,
    );
    if (outcome.kind === "failed") return outcome.failure.verdict;
    return answersOf(documents, outcome.answer.UnprocessedTraceSegments ?? []);
  }

  return {
    async deliver(records, signal) {
      const planned = plan(records, runs, settings.service_name);
      const documents = [...new Set(planned.values())];
      const answers = await deliverInParts(documentParts(documents), put, signal);
      return records.map((record): RecordDelivery => {
        const document = planned.get(record);
        return (document && answers.get(document)) ?? { kind: "sent" };
      });
    },
    async health(signal) {
      const asked = await callAws<unknown>(
        async (ended) => {
          const { aws, client } = await using.get();
          return await client.send(new aws.GetSamplingRulesCommand({}), { abortSignal: ended });
        },
        call,
        signal,
      );
      return healthOf({ xray: asked });
    },
    [Symbol.asyncDispose]: () => {
      using.made()?.client.destroy();
      return Promise.resolve();
    },
  };
}

/**
 * The document of each record that has one. A start whose end is in the same batch shares the end's: only that is sent. A start
 * that comes after the end of its run has none: it would open the segment again.
 */
function plan(
  records: readonly SinkRecord[],
  runs: KnownRuns,
  serviceName: string,
): ReadonlyMap<SinkRecord, SegmentDocument> {
  const planned = new Map<SinkRecord, SegmentDocument>();
  const starts = new Map<string, SinkRecord>();
  for (const record of records) {
    if (record.kind !== "job_event") continue;
    const { event } = record;
    const run = runs.note(event);
    if (isEnd(event)) {
      const document = segmentOf(event, run, serviceName);
      planned.set(record, document);
      const start = starts.get(event.entity.id);
      if (start !== undefined) planned.set(start, document);
    } else if (event.event.kind === "started" && !run.hasEnded) {
      planned.set(record, segmentOf(event, run, serviceName));
      starts.set(event.entity.id, record);
    }
  }
  return planned;
}

/** In order. The answer names documents by their id, so that no id comes twice in a request. */
function documentParts(
  documents: readonly SegmentDocument[],
): readonly (readonly SegmentDocument[])[] {
  return partsWithin(documents, () => {
    const ids = new Set<string>();
    return ({ id }) => {
      const isNew = !ids.has(id);
      ids.add(id);
      return isNew && ids.size <= mostDocuments;
    };
  });
}
