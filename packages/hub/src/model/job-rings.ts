/**
 * What of a job rings, as signals for alerting: pure. What holds follows from its runs and its schedule alone; what rang
 * before is remembered with the job, so that each trouble is raised once and cleared once, whatever happens in between.
 *
 * - `failed`, `lost`: of the runs that ended or fell silent, the one that began last did. A run that goes on changes
 *   nothing, one that succeeds clears both. A run that is older than another one says nothing: what arrives hours late, or
 *   is imported, rings only where nothing newer is known.
 * - `slow`: the last run that succeeded took longer than the limit, or the run that began last took, or takes, longer.
 * - `late`: no run began in time; `never_started`: none began by the time after that either. Both end with the next start.
 *
 * What follows from time alone (late, never started, slow while it runs) rings only when somebody looks who has listened
 * for long enough to have heard otherwise (`watched`): what waits in sidecars while Belfry is away arrives first.
 */
import { jobRings, type JobRing, type Severity } from "@belfry/contract";
import { isSubrun, type JobId, type JobName, type KeptRun } from "./job.ts";
import { durationSecondsOf } from "./run.ts";
import type { Signal } from "./signal.ts";

/** What it follows from. Times are epoch ms. */
export interface JobFacts {
  readonly job: JobName & { readonly id: JobId };
  /** The run that began last. */
  readonly last: KeptRun | null;
  /** Of those that succeeded, failed or are lost, the one that began last. */
  readonly decided: KeptRun | null;
  /** Of those that succeeded, the one that began last. */
  readonly succeeded: KeptRun | null;
  /** The expected time that no run answered, with its grace, and the one after it with its grace; null where there is none. */
  readonly due: {
    readonly at: number;
    readonly lateAt: number;
    readonly missedAt: number | null;
  } | null;
  /** What people chose; null: the defaults. */
  readonly alertOn: readonly JobRing[] | null;
  /** What rings already. */
  readonly ringing: readonly JobRing[];
}

export interface JobRings {
  readonly ringing: readonly JobRing[];
  /** What is raised first: an incident goes on where one trouble follows another. */
  readonly signals: readonly Signal[];
  /** When something may begin to ring although nothing is heard; null: not before something is heard. */
  readonly lookAt: number | null;
}

/** Names of the rules, and how severe they are. */
export const jobRingTable = {
  failed: { rule: "job_failed", severity: "warning" },
  lost: { rule: "job_lost", severity: "critical" },
  late: { rule: "job_late", severity: "warning" },
  never_started: { rule: "job_never_started", severity: "critical" },
  slow: { rule: "job_slow", severity: "warning" },
} as const satisfies Record<JobRing, { readonly rule: string; readonly severity: Severity }>;

/** Of subjobs: what becomes of them, the run they belong to tells. */
const ringsOfSubjobs: readonly JobRing[] = ["late", "never_started"];

const longestMessage = 500;

/** A trouble that holds from a time on. */
interface Trouble {
  /** It holds from then on. */
  readonly from: number;
  /** It began then. */
  readonly at: number;
  /** It comes with time alone. */
  readonly byTime: boolean;
  readonly message: string;
  readonly run: KeptRun | null;
}

/** Decides what rings at `now`; see above for `watched`. */
export function decideJobRings(
  facts: JobFacts,
  { now, watched }: { readonly now: number; readonly watched: boolean },
): JobRings {
  const allowed = facts.alertOn ?? defaultRings(facts);
  const was = new Set(facts.ringing);
  const ringing: JobRing[] = [];
  const raised: Signal[] = [];
  const cleared: Signal[] = [];
  let lookAt: number | null = null;
  for (const ring of jobRings) {
    const trouble = allowed.includes(ring) ? troubles[ring](facts) : null;
    const holds = trouble !== null && trouble.from <= now;
    if (trouble !== null && holds && (was.has(ring) || watched || !trouble.byTime)) {
      ringing.push(ring);
      if (!was.has(ring)) raised.push(raisedSignal(facts, ring, trouble, now));
      continue;
    }
    if (was.has(ring)) cleared.push(clearedSignal(facts.job, ring, now));
    if (trouble !== null) lookAt = Math.min(lookAt ?? trouble.from, trouble.from);
  }
  return { ringing, signals: [...raised, ...cleared], lookAt };
}

/** What ends what rang of a job that is gone. */
export function silencedJob(
  job: JobFacts["job"],
  ringing: readonly JobRing[],
  now: number,
): readonly Signal[] {
  return ringing.map((ring) => clearedSignal(job, ring, now));
}

function defaultRings({ last, decided }: JobFacts): readonly JobRing[] {
  const run = last ?? decided;
  return run !== null && isSubrun(run.state) ? ringsOfSubjobs : jobRings;
}

const troubles: Readonly<Record<JobRing, (facts: JobFacts) => Trouble | null>> = {
  failed({ decided }) {
    if (decided?.status !== "failed") return null;
    const at = decided.state.end?.at ?? decided.updatedAt;
    return { from: 0, at, byTime: false, message: errorOf(decided), run: decided };
  },
  lost({ decided }) {
    if (decided?.status !== "lost") return null;
    const at = decided.updatedAt;
    const message = `nothing was heard of its run since ${timeText(at)}, and it had promised heartbeats`;
    return { from: 0, at, byTime: false, message, run: decided };
  },
  late({ due, last }) {
    if (due === null) return null;
    const message = `no run began at ${timeText(due.at)} or in the time allowed after it`;
    return { from: due.lateAt, at: due.at, byTime: true, message, run: last };
  },
  never_started({ due, last }) {
    if (due?.missedAt == null) return null;
    const message = `no run began at ${timeText(due.at)}, nor at the time after that`;
    return { from: due.missedAt, at: due.at, byTime: true, message, run: last };
  },
  slow({ last, succeeded }) {
    return slowness(succeeded) ?? slowness(last);
  },
};

function slowness(run: KeptRun | null): Trouble | null {
  const limit = run?.slowLimitSeconds ?? null;
  if (run === null || limit === null) return null;
  const limitText = `${secondsText(limit)} is the limit`;
  const seconds = durationSecondsOf(run.state);
  if (seconds !== null) {
    if (seconds <= limit) return null;
    const at = run.state.end?.at ?? run.updatedAt;
    return {
      from: 0,
      at,
      byTime: false,
      message: `took ${secondsText(seconds)}; ${limitText}`,
      run,
    };
  }
  if (run.status !== "running") return null;
  // By Belfry's clock, as its page counts: a client's clock may be wrong.
  const from = run.createdAt + Math.floor(limit * 1000) + 1;
  return { from, at: from, byTime: true, message: `still runs; ${limitText}`, run };
}

function raisedSignal(
  { job }: JobFacts,
  ring: JobRing,
  { at, message, run }: Trouble,
  now: number,
): Signal {
  return {
    ...signalOf(job, ring),
    state: "raised",
    // Clocks of clients may be ahead.
    at: Math.min(at, now),
    decidedAt: now,
    message,
    evidence: run === null ? {} : evidenceOf(run),
  };
}

function clearedSignal(job: JobFacts["job"], ring: JobRing, now: number): Signal {
  const common = signalOf(job, ring);
  return { ...common, state: "cleared", at: now, decidedAt: now, message: "", evidence: {} };
}

function signalOf(
  { id, name, appName, siteId, type }: JobFacts["job"],
  ring: JobRing,
): Pick<Signal, "key" | "rule" | "subject" | "severity" | "reason" | "labels"> {
  const { rule, severity } = jobRingTable[ring];
  return {
    key: `${rule}:job:${id}`,
    rule,
    subject: { kind: "job", id, name },
    severity,
    reason: null,
    labels: { job: name, app: appName, site: siteId, type },
  };
}

function evidenceOf({ id, runId, startedAt, status, state }: KeptRun): Signal["evidence"] {
  const error = status === "failed" ? (state.error?.value ?? null) : null;
  return {
    run: id,
    run_id: runId,
    began_at: timeText(startedAt),
    ...(error?.type == null ? {} : { error_type: oneLine(error.type) }),
    ...(error?.message == null ? {} : { error: oneLine(error.message) }),
  };
}

function errorOf({ state }: KeptRun): string {
  const { message, type } = state.error?.value ?? { message: null, type: null };
  const said = [type, message].filter((part) => part !== null && part !== "").join(": ");
  return said === "" ? "its run failed and gave no reason" : oneLine(said);
}

/** What a program says of itself, as one line without control characters. */
function oneLine(text: string): string {
  const line = text
    .slice(0, longestMessage * 4)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return (
    line.length > longestMessage ? `${line.slice(0, longestMessage - 1)}…` : line
  ).toWellFormed();
}

function secondsText(seconds: number): string {
  return `${Number(seconds.toPrecision(3))} s`;
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
