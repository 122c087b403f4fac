export {
  FastApiErrorSchema,
  FastApiInvalidSchema,
  StatsSchema,
  TargetSchema,
  TargetWithStatusSchema,
  type FastApiInvalid,
  type StatsView,
  type TargetView,
  type TargetWithStatusView,
} from "./amaunator.ts";
export { CheckKindSchema, type CheckKindView } from "./check-kind.ts";
export { errorTable, type ErrorCode } from "./error-code.ts";
export {
  ExpectedTimeSchema,
  HeartbeatScheduleSchema,
  HeartbeatSchema,
  pingKinds,
  PingSchema,
  type HeartbeatSchedule,
  type HeartbeatView,
  type PingKind,
  type PingView,
} from "./heartbeat.ts";
export {
  FileSystemSchema,
  HostDetailSchema,
  HostFiguresSchema,
  HostNoticeSchema,
  HostPatchSchema,
  HostSamplesAnswerSchema,
  HostSchema,
  HostSeriesSchema,
  HostSparklinesSchema,
  type FileSystemView,
  type HostDetailView,
  type HostFiguresView,
  type HostNotice,
  type HostPatch,
  type HostSamplesAnswer,
  type HostSeriesView,
  type HostSparklinesView,
  type HostView,
} from "./host.ts";
export {
  HostDetailsSchema,
  ProcessSchema,
  type HostDetails,
  type ProcessDetails,
} from "./host-details.ts";
export { hostMetrics, type HostMetric } from "./host-metrics.ts";
export {
  IncidentCommentSchema,
  IncidentEntrySchema,
  IncidentSchema,
  IncidentSnoozeSchema,
  subjectKinds,
  TroubleSchema,
  type IncidentEntry,
  type IncidentView,
  type TroubleView,
} from "./incident.ts";
export {
  JobEventSchema,
  jobEventKinds,
  runStates,
  runStatuses,
  type JobEvent,
  type JobEventKind,
  type RunStatus,
  type ShownRunStatus,
} from "./job-event.ts";
export {
  JobChangeSchema,
  JobScheduleSchema,
  JobSchema,
  jobRings,
  jobTroubles,
  type JobChange,
  type JobRing,
  type JobSchedule,
  type JobTrouble,
  type JobView,
} from "./job.ts";
export type { Json, JsonObject } from "./json.ts";
export {
  AlertRouteInputSchema,
  AlertRouteSchema,
  MaintenanceInputSchema,
  MaintenanceSchema,
  SilenceInputSchema,
  SilenceSchema,
  type AlertRouteInput,
  type AlertRouteView,
  type MaintenanceInput,
  type MaintenanceView,
  type SilenceInput,
  type SilenceView,
} from "./alert-route.ts";
export {
  AlertRuleInputSchema,
  AlertRuleSchema,
  RuleConditionSchema,
  RulePreviewSchema,
  RuleReplaySchema,
  type AlertRuleInput,
  type AlertRuleView,
  type RuleCondition,
  type RulePreviewView,
  type RuleReplayView,
} from "./alert-rule.ts";
export {
  ChannelInputSchema,
  ChannelKindSchema,
  ChannelSchema,
  ChannelTestSchema,
  DeliverySchema,
  noticeKinds,
  NoticeSchema,
  noticeStates,
  type ChannelInput,
  type ChannelKindView,
  type ChannelTestView,
  type ChannelView,
  type DeliveryView,
  type NoticeKind,
  type NoticeState,
  type NoticeView,
} from "./channel.ts";
export { MatcherSchema, MatchersSchema, type Matcher } from "./matcher.ts";
export { severities, type Severity } from "./severity.ts";
export {
  TimezoneSchema,
  weekdays,
  WeeklyHoursSchema,
  WindowScheduleSchema,
  type Weekday,
  type WeeklyHours,
  type WindowSchedule,
} from "./time-window.ts";
export {
  KeyInputSchema,
  KeySchema,
  NewKeySchema,
  ScopeSchema,
  SessionInputSchema,
  SessionSchema,
  type KeyInput,
  type KeyView,
  type NewKeyView,
  type SessionInput,
  type SessionView,
} from "./key.ts";
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
export { MonitorPatchSchema, type MonitorPatch } from "./monitor-patch.ts";
export { MonitorTestSchema, type MonitorTestView } from "./monitor-test.ts";
export {
  ComponentBatchSchema,
  ComponentHealthSchema,
  ComponentItemSchema,
  ComponentJobSchema,
  ComponentSubjobSchema,
  ComponentTakenSchema,
  type ComponentBatch,
  type ComponentItem,
  type ComponentJob,
  type ComponentSubjob,
  type ComponentTaken,
} from "./monitoring-component.ts";
export {
  StackCleanedSchema,
  StackDataSchema,
  StackDeletedSchema,
  StackDetailsSchema,
  StackErrorSchema,
  StackHostsSchema,
  StackOkSchema,
  StackPostSchema,
  StackRowSchema,
  type StackCleaned,
  type StackDataView,
  type StackDeleted,
  type StackDetailsView,
  type StackHostsView,
  type StackRow,
} from "./monitoring-stack.ts";
export {
  AuditEntrySchema,
  HealthSchema,
  ReadySchema,
  type AuditEntryView,
  type HealthView,
  type ReadyView,
} from "./operations.ts";
export {
  bad,
  createParser,
  describe,
  ok,
  type Parsed,
  type Parser,
  type Problem,
} from "./parse.ts";
export { ProblemDocumentSchema, type ProblemDocument } from "./problem-document.ts";
export {
  reasonTable,
  reasons,
  type DownReason,
  type Reason,
  type UnknownReason,
} from "./reason.ts";
export {
  EventsAnswerSchema,
  KeptEventSchema,
  RunSchema,
  RunTreeSchema,
  type EventsAnswer,
  type KeptEventView,
  type RunTreeView,
  type RunView,
} from "./run.ts";
export {
  BucketSeriesSchema,
  FloatSchema,
  ImportResultSchema,
  RawSeriesSchema,
  SeriesListSchema,
  SeriesRangeSchema,
  type ImportResult,
  type SeriesListView,
  type SeriesRangeView,
} from "./series.ts";
export {
  DeadLetterChoiceSchema,
  DeadLetterSchema,
  OutputsSchema,
  OutputStatusSchema,
  SpoolStatusSchema,
  type DeadLetterView,
  type OutputStatusView,
  type OutputsView,
} from "./output.ts";
export {
  fleetDuties,
  FleetMemberSchema,
  FleetSchema,
  fleetShareCounts,
  fleetStates,
  type FleetDuty,
  type FleetMemberView,
  type FleetState,
  type FleetView,
} from "./fleet.ts";
export {
  batchLimits,
  cleanText,
  decodeBatch,
  encodeBatch,
  maxBatchSamples,
  sampleBatchType,
  seriesHash,
  type BatchHost,
  type BatchLimits,
  type BatchSeries,
  type DecodedBatch,
  type SampleBatch,
} from "./sample-batch.ts";
export { statuses, type Status } from "./status.ts";
export { alertStages, WouldTellSchema, type AlertStage, type WouldTell } from "./would-tell.ts";
