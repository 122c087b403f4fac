/** Runs and jobs for tests: plain ones, changed as a test wants them. */
import type { JobView, KeptEventView, RunTreeView, RunView } from "@belfry/contract";

/** Seconds after the beginning of 2026 as the API says a time. */
export function timeAt(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
}

/** A run that began at 0 and took 10 s. */
export function runOf(id: string, change: Partial<RunView> = {}): RunView {
  return {
    id,
    run_id: `run ${id}`,
    site: "vienna",
    app: "billing",
    app_version: null,
    job_id: null,
    parent_id: null,
    type: "job",
    business_key: "nightly",
    sub_key: null,
    status: "succeeded",
    is_slow: false,
    started_at: timeAt(0),
    ended_at: timeAt(10),
    last_event_at: timeAt(10),
    duration_seconds: 10,
    progress: null,
    metrics: {},
    error: null,
    metadata: {},
    trace: null,
    events: 2,
    events_dropped: 0,
    received_at: timeAt(0),
    updated_at: timeAt(10),
    ...change,
  };
}

/** A part of another run, from one second to another; without an end it runs. */
export function partOf(
  parent: string,
  id: string,
  [from, to]: readonly [number, number | null],
  change: Partial<RunView> = {},
): RunView {
  return runOf(id, {
    parent_id: parent,
    type: "subjob",
    sub_key: id,
    status: to === null ? "running" : "succeeded",
    started_at: timeAt(from),
    ended_at: to === null ? null : timeAt(to),
    last_event_at: timeAt(to ?? from),
    duration_seconds: to === null ? null : to - from,
    ...change,
  });
}

/** A run with those below it. */
export function treeOf(run: RunView, subruns: readonly RunView[]): RunTreeView {
  return { ...run, subruns: [...subruns], subruns_truncated: false };
}

/** A job whose last run was good. */
export function jobOf(name: string, change: Partial<JobView> = {}): JobView {
  return {
    id: `id of ${name}`,
    site: "vienna",
    app: "billing",
    type: "job",
    name,
    created_at: timeAt(0),
    last_run: runOf(`last of ${name}`, { job_id: `id of ${name}`, business_key: name }),
    troubles: [],
    schedule: null,
    alert_on: null,
    next_expected_at: null,
    expected_times: [],
    late_since: null,
    durations: null,
    slow_after_seconds: null,
    slow_limit_seconds: null,
    version: 1,
    recent: ["succeeded"],
    counts: { running: 0, succeeded: 1, failed: 0, canceled: 0, lost: 0 },
    ...change,
  };
}

/** An event of a run. */
export function eventOf(
  kind: KeptEventView["kind"],
  change: Partial<KeptEventView> = {},
): KeptEventView {
  return {
    idempotency_key: kind,
    kind,
    at: timeAt(0),
    received_at: timeAt(0),
    status: null,
    metrics: {},
    metadata: {},
    trace: null,
    ...change,
  };
}
