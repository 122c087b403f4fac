/** Events of runs, changes of a status and failed checks as log records. Checks that found their target up are metrics only. */
import type { JobEvent } from "@belfry/contract";
import type { CheckRecord, JobRecord, SinkRecord, StatusRecord } from "../../sink-record.ts";
import { endOf, textOf as wordsOf } from "../run-end.ts";
import {
  eventFacts,
  exceptionFacts,
  jobName,
  monitorFacts,
  subjectFacts,
} from "./describe-record.ts";
import type { RunIds } from "./run-ids.ts";
import { attributesOf, nanosOf, textOf, type AnyValue, type KeyValue } from "./value.ts";

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly traceId?: string;
  readonly spanId?: string;
}

const severities = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;
type Severity = keyof typeof severities;

interface Line {
  readonly name: string;
  readonly severity: Severity;
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The log record of a record; undefined for figures of hosts and checks that went well. */
export function logOf(
  record: SinkRecord,
  nanos: bigint,
  ids: RunIds | undefined,
): LogRecord | undefined {
  const line = lineOf(record);
  if (line === undefined) return undefined;
  const received = record.kind === "job_event" ? record.event.received_at : undefined;
  return {
    timeUnixNano: String(nanos),
    observedTimeUnixNano: String((received === undefined ? undefined : nanosOf(received)) ?? nanos),
    severityNumber: severities[line.severity],
    severityText: line.severity,
    eventName: line.name,
    body: { stringValue: textOf(line.text) },
    attributes: attributesOf({ "log.record.uid": record.id, ...line.facts }),
    ...(ids === undefined ? {} : { traceId: ids.traceId, spanId: ids.spanId }),
  };
}

function lineOf(record: SinkRecord): Line | undefined {
  switch (record.kind) {
    case "job_event":
      return lineOfEvent(record);
    case "status":
      return lineOfStatus(record);
    case "check":
      return record.result === "up" ? undefined : lineOfCheck(record);
    case "host":
      return undefined;
  }
}

function lineOfEvent({ event }: JobRecord): Line {
  const { kind, status, metadata } = event.event;
  const isFailed = endOf(event.event) === "failed";
  const said = (isFailed ? wordsOf(metadata, "error") : undefined) ?? wordsOf(metadata, "message");
  return {
    name: `belfry.run.${kind}`,
    severity: severityOf(event),
    text: `${jobName(event)}: ${said ?? [kind, status].filter((one) => one !== null).join(", ")}`,
    facts: {
      "belfry.event.kind": kind,
      ...(isFailed ? exceptionFacts(event) : {}),
      ...eventFacts(event),
    },
  };
}

/** Levels of log lines as clients name them. */
const levels: Readonly<Record<string, Severity>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARN",
  warning: "WARN",
  error: "ERROR",
  critical: "FATAL",
  fatal: "FATAL",
};

function severityOf({ event }: JobEvent): Severity {
  const end = endOf(event);
  if (end === "failed") return "ERROR";
  if (end === "canceled") return "WARN";
  if (event.kind === "heartbeat") return "DEBUG";
  if (event.kind !== "event") return "INFO";
  const level = wordsOf(event.metadata, "level")?.toLowerCase() ?? "";
  return Object.hasOwn(levels, level) ? (levels[level] ?? "INFO") : "INFO";
}

function lineOfStatus({ subject, from, to, reason }: StatusRecord): Line {
  const why = reason === null ? "" : ` (${reason})`;
  return {
    name: `belfry.${subject.kind}.status`,
    severity: to === "down" ? "ERROR" : to === "degraded" || to === "unknown" ? "WARN" : "INFO",
    text: `${subject.name}: ${from} → ${to}${why}`,
    facts: {
      ...subjectFacts(subject.kind, subject),
      "belfry.status": to,
      "belfry.status.before": from,
      "belfry.reason": reason,
    },
  };
}

function lineOfCheck(record: CheckRecord): Line {
  const { monitor, result, reason, status, latency_ms: latency } = record;
  return {
    name: "belfry.check",
    severity: "WARN",
    text: `${monitor.name}: ${result}${reason === null ? "" : ` (${reason})`}, ${monitor.target}`,
    facts: {
      ...monitorFacts(record),
      "belfry.check.result": result,
      "belfry.status": status,
      "belfry.reason": reason,
      "belfry.check.duration": latency === null ? null : latency / 1000,
    },
  };
}
