export { placeholders } from "./format.ts";
export { outputSchemas, parseOutput, type OutputSettings } from "./outputs/output-settings.ts";
export {
  openOutputs,
  type Outputs,
  type OutputsParts,
  type OutputsSettings,
  type OutputsStatus,
  type OutputStatus,
} from "./outputs/outputs.ts";
export { createRangeReader, type RangeReader } from "./remote-write/range-reader.ts";
export { openRemoteWrite, type RemoteWrite } from "./remote-write/remote-write.ts";
export type { SampleFrame } from "./remote-write/series-refs.ts";
export {
  parseRemoteWrite,
  RemoteWriteSchema,
  type RemoteWriteSettings,
} from "./remote-write/settings.ts";
export type { DestinationStatus, RemoteWriteStatus } from "./remote-write/status.ts";
export type {
  CheckRecord,
  HostRecord,
  JobRecord,
  SinkRecord,
  SinkRecordKind,
  StatusRecord,
} from "./sink-record.ts";
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
