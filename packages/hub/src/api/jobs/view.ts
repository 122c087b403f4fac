/** Jobs, runs and events as they are read. */
import type { JobView, KeptEventView, RunView } from "@belfry/contract";
import {
  isSlow,
  slowLimitOf,
  spanOf,
  troublesOf,
  type Job,
  type KeptEvent,
  type KeptRun,
} from "../../model/job.ts";
import { expectationOf, type Expectation } from "../../model/job-schedule.ts";
import { durationSecondsOf, type RunTrace, type Said } from "../../model/run.ts";
import { timeText, timeTextOrNull } from "../monitors/view.ts";

/** A job with its last run, at `now` (epoch ms). */
export function jobView(job: Job, now: number): JobView {
  const counts = { running: 0, succeeded: 0, failed: 0, canceled: 0, lost: 0 };
  for (const status of job.recent) counts[status] += 1;
  const { dueAt, lateAt, upcoming } = expectation(job, now);
  const { learned } = job;
  return {
    id: job.id,
    site: job.siteId,
    app: job.appName,
    type: job.type,
    name: job.name,
    created_at: timeText(job.createdAt),
    last_run: job.lastRun === null ? null : runView(job.lastRun, now),
    troubles: [...troublesOf(job, lateAt, now)],
    schedule: job.schedule,
    next_expected_at: timeTextOrNull(upcoming[0] ?? null),
    expected_times: upcoming.map(timeText),
    late_since: lateAt !== null && lateAt <= now ? timeTextOrNull(dueAt) : null,
    durations:
      learned === null
        ? null
        : {
            runs: learned.runs,
            typical_seconds: learned.typicalSeconds,
            p95_seconds: learned.p95Seconds,
          },
    slow_after_seconds: job.slowAfterSeconds,
    slow_limit_seconds: slowLimitOf(job),
    alert_on: job.alertOn === null ? null : [...job.alertOn],
    version: job.version,
    recent: [...job.recent],
    counts,
  };
}

function expectation({ schedule, scheduleSetAt, lastRun }: Job, now: number): Expectation {
  if (schedule === null || scheduleSetAt === null)
    return { dueAt: null, lateAt: null, upcoming: [] };
  const last = lastRun === null ? null : spanOf(lastRun);
  return expectationOf(schedule, scheduleSetAt, last, now);
}

/** A run at `now` (epoch ms). */
export function runView(run: KeptRun, now: number): RunView {
  const { state } = run;
  return {
    id: run.id,
    run_id: run.runId,
    site: run.siteId,
    app: run.appName,
    app_version: state.appVersion?.value ?? null,
    job_id: run.jobId,
    parent_id: run.parentId,
    type: state.type?.value ?? null,
    business_key: state.businessKey?.value ?? null,
    sub_key: state.subKey?.value ?? null,
    status: run.status,
    is_slow: isSlow(run, now),
    started_at: run.status === null ? null : timeText(run.startedAt),
    ended_at: timeTextOrNull(state.end?.at ?? null),
    last_event_at: timeTextOrNull(state.lastAt),
    duration_seconds: durationSecondsOf(state),
    progress: progressView(run),
    metrics: valuesOf(state.metrics),
    error: run.status === "failed" && state.error !== null ? { ...state.error.value } : null,
    metadata: valuesOf(state.metadata),
    trace: traceView(state.trace?.value ?? null),
    events: run.events,
    events_dropped: run.eventsDropped,
    received_at: timeText(run.createdAt),
    updated_at: timeText(run.updatedAt),
  };
}

function progressView({ state }: KeptRun): RunView["progress"] {
  const { progress, message } = state;
  if (progress === null) return null;
  return {
    ...progress.value,
    message: message?.value.text ?? null,
    at: timeText(progress.at),
  };
}

/** What was said last under each name. */
export function valuesOf<T>(said: Readonly<Record<string, Said<T>>>): Record<string, T> {
  return Object.fromEntries(Object.entries(said).map(([name, { value }]) => [name, value]));
}

/** An event of a run. */
export function eventView(event: KeptEvent): KeptEventView {
  return {
    idempotency_key: event.key,
    kind: event.kind,
    at: timeText(event.at),
    received_at: timeText(event.receivedAt),
    status: event.status,
    metrics: { ...event.metrics },
    metadata: { ...event.metadata },
    trace: traceView(event.trace),
  };
}

function traceView(trace: RunTrace | null): RunView["trace"] {
  return trace === null ? null : { trace_id: trace.traceId, span_id: trace.spanId };
}
