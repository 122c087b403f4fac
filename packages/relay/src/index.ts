export { parseFormat, placeholders, type Format } from "./format.ts";
export type { OutputLog, OutputStats } from "./output.ts";
export { createOutputs, type Outputs, type OutputsParts, type OutputsStats } from "./outputs.ts";
export type { OutputRecord } from "./record.ts";
export { OutputSchema, parseOutput, type OutputSettings } from "./sinks/registry.ts";
export type { CursorStart } from "./spool/cursor-set.ts";
export type { Cursor, CursorStats } from "./spool/cursor.ts";
export type { DeadLetter, DeadLetters, DeadReason, DeadStats } from "./spool/dead.ts";
export { createDirectDisk } from "./spool/direct-disk.ts";
export { DiskError, type SpoolDisk } from "./spool/disk.ts";
export type { Appended, LogStats, RefusalReason } from "./spool/log.ts";
export type { NewRecord } from "./spool/pending.ts";
export { recordKinds, type StoredRecord } from "./spool/record.ts";
export type { ReadBounds } from "./spool/segment-read.ts";
export {
  spoolDefaults,
  SpoolError,
  type SpoolErrorCode,
  type SpoolLog,
  type SpoolParts,
  type SpoolSettings,
} from "./spool/settings.ts";
export { openSpool, type Spool, type SpoolStats } from "./spool/spool.ts";
export { createThreadDisk } from "./spool/thread-disk.ts";
export {
  readEvents,
  readLimits,
  type ReadContext,
  type ReadEvents,
  type ReadLimits,
  type RefusedItem,
} from "./dialect/read-events.ts";
export { createRedactor, type RedactionRules, type Redactor } from "./dialect/redact.ts";
export { verdictsOf, type Verdict } from "./dialect/verdict.ts";
export { fsck, type FsckReport, type LogReport, type SegmentReport } from "./spool/fsck.ts";
