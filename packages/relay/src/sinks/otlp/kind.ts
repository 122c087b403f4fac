/**
 * Sink `otlp`: records to an OpenTelemetry collector, or whatever speaks OTLP/HTTP with JSON. Events of runs are log records;
 * what they measured are gauges; finished runs are spans, subjobs below their parents. Of checks the figures are gauges and
 * failures log records, changes of a status are log records, figures of hosts gauges.
 *
 * A record is `sent` once every signal has it. Signals are sent one after the other; what one of them took is remembered
 * while another is tried again, so that it comes twice only after a restart.
 */
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { deliverWhole } from "../http/deliver-whole.ts";
import { createHalfTaken } from "./half-taken.ts";
import { hasSignal, type ReadRecord } from "./requests.ts";
import { createRunIds, type RunIdSource } from "./run-ids.ts";
import { OtlpSettingsSchema, parseOtlpSettings, type OtlpSettings } from "./settings.ts";
import { createSignalSender } from "./signal-sender.ts";
import { nanosOf } from "./value.ts";

export const otlpKind: EventSinkKind = {
  type: "otlp",
  title: "OpenTelemetry (OTLP)",
  schema: OtlpSettingsSchema,
  secrets: ["headers", "endpoint", "logs_endpoint", "metrics_endpoint", "traces_endpoint"],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 500, maxBytes: 1024 * 1024 },
  parseSettings: parseOtlpSettings,
  create: (settings, parts) => createOtlpSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): OtlpSettings {
  return settings as OtlpSettings;
}

function createOtlpSink(settings: OtlpSettings, parts: EventSinkParts): EventSink {
  const sender = createSignalSender(settings, parts);
  const runIds = createRunIds();
  const halfTaken = createHalfTaken();
  return {
    async deliver(records, ended) {
      const read = new Map<SinkRecord, ReadRecord>();
      const answers = new Map<SinkRecord, RecordDelivery>();
      for (const record of records) {
        const one = readRecord(record, runIds);
        if (one !== undefined) read.set(record, one);
        answers.set(record, one === undefined ? timeless : { kind: "sent" });
      }
      for (const signal of settings.targets.keys()) {
        const open = [...read.values()]
          .filter((one) => answers.get(one.record)?.kind === "sent")
          .filter((one) => !halfTaken.has(one.record.id, signal) && hasSignal(signal, one))
          .map(({ record }) => record);
        const given = await deliverWhole(
          open,
          (some, stop) =>
            sender.send(
              signal,
              some.flatMap((record) => read.get(record) ?? []),
              stop,
            ),
          ended,
        );
        for (const [i, record] of open.entries()) {
          const answer = given[i] ?? { kind: "retry", why: `${signal}: no answer` };
          if (answer.kind === "sent") halfTaken.note(record.id, signal);
          else answers.set(record, answer);
        }
      }
      return records.map((record) => {
        const answer = answers.get(record) ?? timeless;
        if (answer.kind === "sent" || answer.kind === "refused") halfTaken.forget(record.id);
        return answer;
      });
    },
    health: (ended) => sender.health(ended),
    [Symbol.asyncDispose]: () => {
      sender[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

const timeless: RecordDelivery = {
  kind: "refused",
  why: "its time cannot be read, or is before 1970",
};

function readRecord(record: SinkRecord, runIds: RunIdSource): ReadRecord | undefined {
  const ids = record.kind === "job_event" ? runIds.idsOf(record.event) : undefined;
  const nanos = nanosOf(record.at);
  return nanos === undefined ? undefined : { record, nanos, ids };
}
