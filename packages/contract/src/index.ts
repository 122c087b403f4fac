export { CheckKindSchema, type CheckKindView } from "./check-kind.ts";
export { errorTable, type ErrorCode } from "./error-code.ts";
export { IncidentSchema, type IncidentView } from "./incident.ts";
export type { Json, JsonObject } from "./json.ts";
export { LiveCheckSchema, LiveCountsSchema, type LiveCheck, type LiveEvents } from "./live.ts";
export {
  HistoryRowSchema,
  IdSchema,
  JudgingSchema,
  LabelsSchema,
  LastCheckSchema,
  MonitorInputSchema,
  MonitorSchema,
  MonitorSummarySchema,
  NameSchema,
  TimeSchema,
  UptimeSchema,
  type HistoryRow,
  type MonitorInput,
  type MonitorSummary,
  type MonitorView,
  type UptimeView,
} from "./monitor.ts";
export {
  bad,
  createParser,
  describe,
  ok,
  type Parsed,
  type Parser,
  type Problem,
} from "./parse.ts";
export {
  reasonTable,
  reasons,
  type DownReason,
  type Reason,
  type UnknownReason,
} from "./reason.ts";
export { statuses, type Status } from "./status.ts";
