/** What calls, and calls that did not come, say about a heartbeat. */
import type { HeartbeatState, Ping, TakenPing } from "./heartbeat.ts";
import type { Deadline } from "./heartbeat-schedule.ts";
import type { DownOutcome, Evidence, Outcome } from "./outcome.ts";
import { localTime } from "./local-time.ts";

/** A span of time; epoch ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Characters of a call's body that go into the evidence. */
const mostBody = 1000;

/** What one call says; null: nothing about the status. */
export function pingOutcome(
  ping: Pick<Ping, "kind" | "exitCode" | "rid" | "body" | "source">,
  { durationMs }: Pick<TakenPing, "durationMs">,
): Outcome | null {
  if (ping.kind === "start" || ping.kind === "log") return null;
  const measurements = {
    probe_success: ping.kind === "success" ? 1 : 0,
    ...(durationMs === null ? {} : { heartbeat_run_duration_seconds: durationMs / 1000 }),
    ...(ping.exitCode === null ? {} : { heartbeat_exit_code: ping.exitCode }),
  };
  if (ping.kind === "success") return { ...up, durationMs: durationMs ?? 0, measurements };
  return {
    result: "down",
    reason: "reported",
    message: reportedMessage(ping.exitCode),
    evidence: {
      ...(ping.exitCode === null ? {} : { exit_code: ping.exitCode }),
      ...(ping.rid === null ? {} : { rid: ping.rid }),
      ...(ping.body === "" ? {} : { body: ping.body.slice(0, mostBody) }),
      source: ping.source,
    },
    durationMs: durationMs ?? 0,
    measurements,
    statusCode: null,
  };
}

/** What the last call said that decides something; nothing is measured again. */
export function calledOutcome(state: HeartbeatState): Outcome {
  const durationMs = state.lastDurationMs ?? 0;
  if (state.verdict !== "fail") return { ...up, durationMs };
  const code = state.lastExitCode;
  return {
    result: "down",
    reason: "reported",
    message: reportedMessage(code),
    evidence: code === null ? {} : { exit_code: code },
    durationMs,
    measurements: {},
    statusCode: null,
  };
}

/** What a deadline says that nobody kept. */
export function missedOutcome(
  deadline: Deadline,
  about: {
    readonly graceSeconds: number;
    readonly timezone: string;
    readonly lastCallAt: number | null;
    /** When Belfry could not listen meanwhile. */
    readonly gap: Span | null;
  },
): DownOutcome {
  const at = (ms: number): string => localTime(ms, about.timezone);
  const allowed = Math.round((deadline.at - sinceOf(deadline)) / 1000);
  const message =
    deadline.kind === "late"
      ? `no call came for ${at(deadline.dueAt)}, with ${allowed} s of grace`
      : `the run that began at ${at(deadline.startedAt)} did not end within ${allowed} s`;
  const evidence: Evidence = {
    ...(deadline.kind === "late"
      ? { expected_at: iso(deadline.dueAt) }
      : { started_at: iso(deadline.startedAt) }),
    ...(about.lastCallAt === null ? {} : { last_call_at: iso(about.lastCallAt) }),
    ...(about.gap === null
      ? {}
      : {
          not_listening_from: iso(about.gap.from),
          not_listening_until: iso(about.gap.to),
        }),
  };
  const unknowable =
    about.gap === null
      ? ""
      : `; Belfry could not be called from ${at(about.gap.from)} to ${at(about.gap.to)}`;
  return {
    result: "down",
    reason: deadline.kind === "late" ? "late" : "timeout",
    message: message + unknowable,
    evidence,
    durationMs: 0,
    measurements: { probe_success: 0 },
    statusCode: null,
  };
}

function sinceOf(deadline: Deadline): number {
  return deadline.kind === "late" ? deadline.dueAt : deadline.startedAt;
}

function reportedMessage(exitCode: number | null): string {
  return exitCode === null
    ? "the job reported that it failed"
    : `the job reported exit code ${exitCode}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const up = {
  result: "up",
  durationMs: 0,
  measurements: {},
  statusCode: null,
  certificateDays: null,
} as const satisfies Outcome;
