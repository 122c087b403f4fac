/** From what a kind found to the outcome of the check. */
import type { Clock } from "../model/clock.ts";
import type { Evidence, Measurements, Outcome, SeenCertificate } from "../model/outcome.ts";
import type { Deadline } from "./deadline.ts";
import type { FaultJudge } from "./fault-judge.ts";
import { isUnknownReason, type Fault } from "./fault.ts";

/** Milliseconds as seconds with six decimals exactly, so that equal durations are equal numbers in the history. */
export function seconds(ms: number): number {
  return Math.round(ms * 1_000) / 1e6;
}

export interface ConcludeParts {
  readonly clock: Clock;
  readonly faults: FaultJudge;
}

/** What a kind knows when its check has ended. */
export interface Findings {
  readonly measurements: Measurements;
  readonly statusCode: number | null;
  readonly certificate?: SeenCertificate | null;
}

/** The target is up. */
export function concludeUp(
  deadline: Deadline,
  findings: Findings & { readonly certificateDays: number | null },
): Outcome {
  const elapsedMs = deadline.elapsedMs();
  return {
    result: "up",
    durationMs: Math.round(elapsedMs * 1_000) / 1_000,
    measurements: common(1, elapsedMs, findings.measurements),
    statusCode: findings.statusCode,
    certificateDays: findings.certificateDays,
    ...(findings.certificate == null ? {} : { certificate: findings.certificate }),
  };
}

/** Something is wrong; whose fault it is, is judged first. */
export async function concludeFault(
  deadline: Deadline,
  found: Fault,
  parts: ConcludeParts,
  findings: Findings & { readonly evidence: Evidence },
): Promise<Outcome> {
  const elapsedMs = deadline.elapsedMs();
  const waitMs = Math.min(deadline.remainingMs(), parts.faults.prepareMs);
  const { startedMs, limitMs, about } = deadline;
  const fault = await parts.faults.judge(found, { startedMs, limitMs, waitMs, about });
  const durationMs = Math.round(elapsedMs * 1_000) / 1_000;
  const { reason, message, code } = fault;
  if (isUnknownReason(reason)) return { result: "unknown", reason, message, durationMs };
  return {
    result: "down",
    reason,
    message,
    durationMs,
    measurements: common(0, elapsedMs, findings.measurements),
    statusCode: findings.statusCode,
    evidence: code === null ? findings.evidence : { code, ...findings.evidence },
    ...(findings.certificate == null ? {} : { certificate: findings.certificate }),
  };
}

function common(success: 0 | 1, elapsedMs: number, own: Measurements): Measurements {
  return { probe_success: success, probe_duration_seconds: seconds(elapsedMs), ...own };
}
