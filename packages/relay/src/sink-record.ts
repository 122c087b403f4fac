/**
 * What sinks are given. From jobs: events. From a hub also what checks found, changes of a status, and figures of hosts.
 * In the spool an event is as the intake wrote it; the others are these objects as JSON, told apart by their `kind`.
 */
import type { JobEvent, Reason, Status } from "@belfry/contract";

/** An event of a run. */
export interface JobRecord {
  readonly kind: "job_event";
  readonly id: string;
  readonly at: string;
  readonly event: JobEvent;
}

/** One finished check. */
export interface CheckRecord {
  readonly kind: "check";
  /** The same record has the same id, however often it is delivered. */
  readonly id: string;
  /** When the check began, RFC 3339. */
  readonly at: string;
  readonly monitor: Subject & {
    readonly kind: string;
    /** What was checked, in one line: `https://example.org/`, `db:5432`. */
    readonly target: string;
  };
  /** What the check found. */
  readonly result: "up" | "down" | "unknown";
  readonly reason: Reason | null;
  /** The judged status after it. */
  readonly status: Status;
  /** Response time, ms; null when there is none. */
  readonly latency_ms: number | null;
  /** The value of a synthetic target, whole ms of a real one, -1 for a failure: what Amaunator calls `value`. */
  readonly value: number;
  readonly location: string;
}

/** A change of what is judged of a monitor or host. */
export interface StatusRecord {
  readonly kind: "status";
  readonly id: string;
  readonly at: string;
  readonly subject: Subject & { readonly kind: "monitor" | "host" };
  readonly from: Status;
  readonly to: Status;
  readonly reason: Reason | null;
}

/** Figures of a host at one time. */
export interface HostRecord {
  readonly kind: "host";
  readonly id: string;
  readonly at: string;
  readonly host: Subject;
  /** As `figures` of `/api/v1/hosts` names them: ratios 0 to 1, bytes per second, °C. What is not known is left out. */
  readonly figures: Readonly<Record<string, number>>;
}

interface Subject {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type SinkRecord = JobRecord | CheckRecord | StatusRecord | HostRecord;
export type SinkRecordKind = SinkRecord["kind"];

/** The record that a spool holds; undefined when it is not even an object. The spool holds nothing else than what Belfry wrote. */
export function readSinkRecord(bytes: Uint8Array): SinkRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if ("kind" in value) return value as SinkRecord;
  const event = value as JobEvent;
  return { kind: "job_event", id: event.idempotency_key, at: event.event?.at ?? "", event };
}

/** What a spool holds of a record. */
export function writeSinkRecord(record: SinkRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record.kind === "job_event" ? record.event : record));
}
