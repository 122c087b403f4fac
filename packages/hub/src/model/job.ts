/** Jobs: what runs are runs of. A job is made by its first run, and is gone when none of its runs is kept any more. */
import type {
  JobEventKind,
  JobRing,
  JobSchedule,
  JobTrouble,
  RunStatus,
  ShownRunStatus,
} from "@belfry/contract";
import type { Id } from "./id.ts";
import { learnedLimit, type LearnedDurations } from "./job-duration.ts";
import type { RunSpan } from "./job-schedule.ts";
import { durationSecondsOf, metricOf, silenceMsOf, type RunState, type RunTrace } from "./run.ts";
import type { Frame, SeriesKey } from "./series.ts";

export type JobId = Id<"job">;
/** Belfry's own id of a run; its client's is `runId`. */
export type RunRowId = Id<"run">;

/** What makes a job: the same four are the same job. */
export interface JobName {
  readonly siteId: string;
  readonly appName: string;
  readonly type: string;
  readonly name: string;
}

/** A job with its last runs. Times are epoch ms. */
export interface Job extends JobName {
  readonly id: JobId;
  readonly createdAt: number;
  readonly schedule: JobSchedule | null;
  /** When the schedule was set; null without one. */
  readonly scheduleSetAt: number | null;
  /** What people set; null: what was learned decides. */
  readonly slowAfterSeconds: number | null;
  readonly learned: LearnedDurations | null;
  /** What people chose to ring; null: the defaults. */
  readonly alertOn: readonly JobRing[] | null;
  readonly version: number;
  /** The run that began last. */
  readonly lastRun: KeptRun | null;
  /** Statuses of its last runs, the newest first. */
  readonly recent: readonly ShownRunStatus[];
}

/** What people change of a job; what is left out stays. */
export interface JobSettingsChange {
  readonly schedule?: JobSchedule | null;
  readonly slowAfterSeconds?: number | null;
  readonly alertOn?: readonly JobRing[] | null;
}

/** A run that changed, with the jobs it belongs to and belonged to before. */
export interface ChangedRun {
  readonly id: RunRowId;
  readonly parentId: RunRowId | null;
  readonly jobIds: readonly JobId[];
}

/** What became of events, in their order, and the runs they changed. */
export interface TakenEvents {
  readonly verdicts: readonly TakenVerdict[];
  readonly changed: readonly ChangedRun[];
  /** Something began or ceased to ring: alerting has signals to consume. */
  readonly rang: boolean;
  /** The samples of runs that have now ended, as they were stored. */
  readonly frames: readonly Frame[];
}

/** A run as it is kept. */
export interface KeptRun {
  readonly id: RunRowId;
  readonly siteId: string;
  readonly appName: string;
  readonly runId: string;
  /** null: only its subruns were heard so far. */
  readonly jobId: JobId | null;
  readonly parentId: RunRowId | null;
  readonly state: RunState;
  /** `lost` where its heartbeats stopped. */
  readonly status: ShownRunStatus | null;
  readonly startedAt: number;
  /** After so many seconds it is slow, as far as that is known. */
  readonly slowLimitSeconds: number | null;
  /** Events that were counted, kept or not. */
  readonly events: number;
  /** Events among them that are no longer kept. */
  readonly eventsDropped: number;
  /** When its first and its newest word arrived, by Belfry's clock. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** An event of a run as it is kept. Times are epoch ms. */
export interface KeptEvent {
  readonly key: string;
  readonly at: number;
  readonly receivedAt: number;
  readonly kind: JobEventKind;
  readonly status: RunStatus | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly trace: RunTrace | null;
}

/** Whether the store took an event in, or had it already. */
export type TakenVerdict = "taken" | "duplicate";

/** How many runs have each status, and how many jobs are late. */
export interface JobTotals {
  readonly runs: Partial<Readonly<Record<ShownRunStatus, number>>>;
  readonly late: number;
}

/** A run with the ids of the runs above it. */
export interface RunInTree {
  readonly run: KeptRun;
  readonly above: readonly RunRowId[];
}

/** Which runs are asked for; the newest first, by the time they began. */
export interface RunQuery {
  readonly jobId?: JobId;
  readonly parentId?: RunRowId;
  /** The id their client gave them. */
  readonly runId?: string;
  readonly status?: readonly ShownRunStatus[];
  /** `top`: those that are no subjobs; `sub`: those that are. */
  readonly level?: "top" | "sub";
  /** Part of the app's name, folded. */
  readonly app?: string;
  /** Began within; both bounds included. */
  readonly since?: number;
  readonly until?: number;
  readonly after?: { readonly startedAt: number; readonly id: string };
  readonly limit: number;
}

/** Which jobs are asked for, by name. */
export interface JobQuery {
  /** Words, folded, that site, app or name must hold. */
  readonly words?: readonly string[];
  /** Status of the last run. */
  readonly status?: readonly ShownRunStatus[];
  readonly after?: { readonly name: string; readonly id: string };
  readonly limit: number;
}

/** Runs are forgotten so long after their last word: as long as the 5-minute history of everything else is kept, ms. */
export const runRetentionMs = 90 * 86_400_000;
/** Events of one run that are kept, the newest: about what a page can show, and at most some MB. */
export const mostRunEvents = 1000;
/** Outcomes shown with a job: a strip of them. */
export const recentRuns = 30;

/** The job of a run; undefined while nothing of the run itself was heard. */
export function jobNameOf(
  run: RunState,
  where: { readonly siteId: string; readonly appName: string },
): JobName | undefined {
  if (run.type === null) return undefined;
  const type = run.type.value;
  const keys = isSubrun(run) ? [run.subKey, run.businessKey] : [run.businessKey, run.subKey];
  const name = keys.find((key) => key !== null && key.value !== "")?.value ?? type;
  return { siteId: where.siteId, appName: where.appName, type, name };
}

/** Whether a run is part of another one. */
export function isSubrun(run: RunState): boolean {
  return run.parentRunId !== null || run.type?.value === "subjob";
}

/** How long it is known to have gone on, in seconds, at `now`; null of a run that was not heard of itself. */
export function elapsedSecondsOf(run: KeptRun, now: number): number | null {
  const { state, status } = run;
  if (status === null) return null;
  const measured = metricOf(state.metrics, "duration_s");
  if (state.end !== null) return durationSecondsOf(state);
  // By Belfry's clock, from the first word of it to the last moment it is known to have lived: a client's clock may be wrong.
  const until = status === "running" ? now : run.updatedAt;
  return Math.max(measured ?? 0, (until - run.createdAt) / 1000, 0);
}

/** Whether it took, or takes, longer than its job's limit. */
export function isSlow(run: KeptRun, now: number): boolean {
  const { slowLimitSeconds } = run;
  const elapsed = elapsedSecondsOf(run, now);
  return slowLimitSeconds !== null && elapsed !== null && elapsed > slowLimitSeconds;
}

/** The run that began last, as a schedule is held against it. A client's clock that is ahead moves nothing into the future. */
export function spanOf({
  state,
  status,
  startedAt,
  createdAt,
  updatedAt,
}: Pick<KeptRun, "state" | "status" | "startedAt" | "createdAt" | "updatedAt">): RunSpan {
  const beganAt = Math.min(startedAt, createdAt);
  if (status === "running" && silenceMsOf(state) !== null) return { beganAt, activeUntil: null };
  const lastKnown = state.end?.at ?? state.lastAt ?? beganAt;
  return { beganAt, activeUntil: Math.max(beganAt, Math.min(lastKnown, updatedAt)) };
}

/** What is wrong with a job at `now`; `lateAt` is when it became or becomes late. */
export function troublesOf(
  { lastRun }: Pick<Job, "lastRun">,
  lateAt: number | null,
  now: number,
): readonly JobTrouble[] {
  const troubles: JobTrouble[] = [];
  if (lastRun?.status === "failed") troubles.push("failed");
  if (lastRun?.status === "lost") troubles.push("lost");
  if (lateAt !== null && lateAt <= now) troubles.push("late");
  if (lastRun !== null && isSlow(lastRun, now)) troubles.push("slow");
  return troubles;
}

/** After how many seconds a run of the job is slow: what was set, else what was learned. */
export function slowLimitOf(job: Pick<Job, "slowAfterSeconds" | "learned">): number | null {
  return job.slowAfterSeconds ?? learnedLimit(job.learned);
}

/** Text as it is searched in, the same on both engines. */
export function foldText(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** The source of a job's series. */
export function jobSource(id: string): string {
  return `job:${id}`;
}

const mebibyte = 1_048_576;
/** Metrics of a run that are no series of the job's own: they are told elsewhere, or are progress. */
const notSeries = /^(duration_s|cpu_user_s|cpu_system_s|mem_max_mb|progress_\w+)$/;
/** Series of the job's own metrics, of one run. */
const mostOwnSeries = 50;

/** What a finished run adds to its job's series; empty while it runs. */
export function samplesOf(
  run: RunState,
): readonly { readonly key: SeriesKey; readonly value: number }[] {
  const samples = new Map<string, number>();
  const add = (name: string, value: number | null): void => {
    if (value !== null && !samples.has(name)) samples.set(name, value);
  };
  if (run.end === null) return [];
  add("belfry_run_duration_seconds", durationSecondsOf(run));
  add("belfry_run_cpu_user_seconds", metricOf(run.metrics, "cpu_user_s"));
  add("belfry_run_cpu_system_seconds", metricOf(run.metrics, "cpu_system_s"));
  const memory = metricOf(run.metrics, "mem_max_mb");
  add("belfry_run_memory_max_bytes", memory === null ? null : memory * mebibyte);
  const own = Object.keys(run.metrics).filter((name) => !notSeries.test(name));
  for (const name of own.toSorted().slice(0, mostOwnSeries)) {
    add(`belfry_run_${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`, metricOf(run.metrics, name));
  }
  return [...samples].map(([name, value]) => ({ key: { name, labels: {} }, value }));
}
