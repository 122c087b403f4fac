/** Jobs, runs and events as they are read. */
import type { JobView, KeptEventView, RunView } from "@belfry/contract";
import type { Job, KeptEvent, KeptRun } from "../../model/job.ts";
import { durationSecondsOf, type RunTrace } from "../../model/run.ts";
import { timeText, timeTextOrNull } from "../monitors/view.ts";

/** A job with its last run. */
export function jobView(job: Job): JobView {
  const counts = { running: 0, succeeded: 0, failed: 0, canceled: 0 };
  for (const status of job.recent) counts[status] += 1;
  return {
    id: job.id,
    site: job.siteId,
    app: job.appName,
    type: job.type,
    name: job.name,
    created_at: timeText(job.createdAt),
    last_run: job.lastRun === null ? null : runView(job.lastRun),
    recent: [...job.recent],
    counts,
  };
}

/** A run. */
export function runView(run: KeptRun): RunView {
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
    started_at: run.status === null ? null : timeText(run.startedAt),
    ended_at: timeTextOrNull(state.end?.at ?? null),
    last_event_at: timeTextOrNull(state.lastAt),
    duration_seconds: durationSecondsOf(state),
    progress:
      state.progress === null ? null : { ...state.progress.value, at: timeText(state.progress.at) },
    metrics: metricsView(run),
    error: run.status === "failed" && state.error !== null ? { ...state.error.value } : null,
    metadata: { ...state.metadata?.value },
    trace: traceView(state.trace?.value ?? null),
    events: run.events,
    events_dropped: run.eventsDropped,
    received_at: timeText(run.createdAt),
    updated_at: timeText(run.updatedAt),
  };
}

function metricsView({ state }: KeptRun): Record<string, number> {
  return Object.fromEntries(
    Object.entries(state.metrics).map(([name, { value }]) => [name, value]),
  );
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
