/** Settings of a spool with their defaults, what it needs from outside, and its one kind of error. */
import type { SpoolDisk } from "./disk.ts";

const megabyte = 1024 * 1024;

/** Settings of a spool. */
export interface SpoolSettings {
  /** Where it lives; made when it is not there. */
  readonly folder: string;
  /** Size of a segment, bytes. Room is given back a segment at a time; smaller ones mean more files. Default 32 MB. */
  readonly segmentBytes: number;
  /** Most bytes of all segments together, at least four segments. Default 10 GB. */
  readonly quotaBytes: number;
  /** What happens at the quota: `refuse` what comes, or `drop_oldest` (a segment at a time, counted per sink). */
  readonly whenFull: "refuse" | "drop_oldest";
  /** Largest record with its id, bytes. Default 2 MB. */
  readonly maxRecordBytes: number;
  /** Most bytes that wait for a sync at one time; beyond it appends are refused as `busy`. Default 16 MB. */
  readonly maxPendingBytes: number;
  /** Bytes of a file that is given up when the disk is full, so that acknowledging still works. Default 1 MB. */
  readonly reserveBytes: number;
  /** How many of the latest ids are known, to leave out repeats; about 100 bytes of memory each. Default 100,000. */
  readonly knownIds: number;
  /** How long an acknowledgement may wait before it is on disk, ms; after a crash so much is delivered again. Default 250. */
  readonly cursorSaveMs: number;
  /** How long appends are refused without trying after the disk failed, ms. Default 1,000. */
  readonly retryMs: number;
  /** Most bytes of dead letters of each sink; the oldest segment goes first, counted. Default 256 MB. */
  readonly deadBytes: number;
}

/** What holds where nothing is said. */
export const spoolDefaults = {
  segmentBytes: 32 * megabyte,
  quotaBytes: 10 * 1024 * megabyte,
  whenFull: "refuse",
  maxRecordBytes: 2 * megabyte,
  maxPendingBytes: 16 * megabyte,
  reserveBytes: megabyte,
  knownIds: 100_000,
  cursorSaveMs: 250,
  retryMs: 1_000,
  deadBytes: 256 * megabyte,
} as const satisfies Omit<SpoolSettings, "folder">;

/** Where a spool tells what people should know. */
export interface SpoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What a spool needs from outside. */
export interface SpoolParts {
  readonly disk: SpoolDisk;
  readonly log: SpoolLog;
  readonly clock: {
    /** Epoch ms; may jump. */
    now(): number;
    /** Ms that only grow. */
    monotonicMs(): number;
  };
  /** Waits; rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Why a spool cannot be used at all. */
export type SpoolErrorCode =
  | "in_use"
  | "disk_failed"
  | "wrong_settings"
  | "newer_format"
  | "closed";

/** Thrown where a spool cannot be opened or used; what can be expected of an append is a value instead. */
export class SpoolError extends Error {
  readonly code: SpoolErrorCode;
  constructor(code: SpoolErrorCode, message: string) {
    super(message);
    this.name = "SpoolError";
    this.code = code;
  }
}

/** Fills in what is left out; throws `wrong_settings` with the key that is wrong. */
export function completeSettings(
  given: Partial<SpoolSettings> & Pick<SpoolSettings, "folder">,
): SpoolSettings {
  const settings = { ...spoolDefaults, ...given };
  const { segmentBytes, quotaBytes, maxRecordBytes, maxPendingBytes } = settings;
  if (quotaBytes < 4 * segmentBytes) {
    throw wrong("quotaBytes", `at least four segments (${4 * segmentBytes})`, quotaBytes);
  }
  if (segmentBytes < 1024) throw wrong("segmentBytes", "at least 1024", segmentBytes);
  if (maxRecordBytes > maxPendingBytes) {
    throw wrong("maxRecordBytes", `at most maxPendingBytes (${maxPendingBytes})`, maxRecordBytes);
  }
  if (maxRecordBytes < 256) throw wrong("maxRecordBytes", "at least 256", maxRecordBytes);
  return settings;
}

function wrong(key: string, expected: string, found: number): SpoolError {
  return new SpoolError("wrong_settings", `${key}: expected ${expected}, found ${found}`);
}
