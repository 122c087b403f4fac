/**
 * The life of one trouble a rule may see: of one rule, one subject, one series.
 *
 *     inactive ──holds──▶ pending ──holds for `for`──▶ firing ──does not──▶ recovering ──for `recovery for`──▶ inactive
 *                            └──does not──▶ inactive      ▲───────holds──────────┘
 *
 * `raised` is said when it fires, `cleared` when it is inactive again after that. What cannot be told changes nothing: the
 * time in which it could not counts neither for nor against it.
 */
import type { Severity } from "@belfry/contract";
import type { RuleState } from "../model/rule-state.ts";
import type { Finding } from "./condition.ts";

/** How long it must hold, and must not, in ms. */
export interface HoldTimes {
  readonly forMs: number;
  readonly recoveryForMs: number;
  readonly severity: Severity;
}

export interface Step {
  /** undefined: inactive. The same object as before: nothing changed. */
  readonly state: RuleState | undefined;
  readonly signal: "raised" | "cleared" | null;
}

/** What becomes of a state by a finding at `now` (epoch ms). */
export function step(
  state: RuleState | undefined,
  finding: Finding,
  hold: HoldTimes,
  now: number,
): Step {
  if (finding.kind === "cannot_tell" || finding.kind === "does_not_apply") return blind(state, now);
  const { value } = finding;
  const holds = finding.kind === "holds";
  if (state === undefined) {
    if (!holds) return { state, signal: null };
    if (hold.forMs === 0) return fire({ startedAt: now, value }, hold, now);
    return { state: pending(value, now), signal: null };
  }
  const seen = sighted(state, now);
  switch (seen.phase) {
    case "pending":
      if (!holds) return { state: undefined, signal: null };
      if (now - seen.since < hold.forMs) return { state: seen, signal: null };
      return fire({ startedAt: seen.startedAt, value }, hold, now);
    case "firing":
      if (!holds) return recover(seen, value, hold, now);
      if (seen.severity === hold.severity) return { state: seen, signal: null };
      return { state: { ...seen, severity: hold.severity }, signal: "raised" };
    case "recovering":
      if (holds) return { state: { ...seen, phase: "firing", since: now, value }, signal: null };
      if (now - seen.since < hold.recoveryForMs) return { state: seen, signal: null };
      return { state: undefined, signal: "cleared" };
  }
}

/** Whether people were told of it and not yet that it is over. */
export function isFiring(state: RuleState | undefined): boolean {
  return state !== undefined && state.phase !== "pending";
}

function pending(value: number, now: number): RuleState {
  return {
    phase: "pending",
    since: now,
    startedAt: now,
    value,
    blindSince: null,
    severity: null,
  };
}

function fire(
  { startedAt, value }: Pick<RuleState, "startedAt" | "value">,
  { severity }: HoldTimes,
  now: number,
): Step {
  const state: RuleState = {
    phase: "firing",
    since: now,
    startedAt,
    value,
    blindSince: null,
    severity,
  };
  return { state, signal: "raised" };
}

function recover(state: RuleState, value: number, hold: HoldTimes, now: number): Step {
  if (hold.recoveryForMs === 0) return { state: undefined, signal: "cleared" };
  return { state: { ...state, phase: "recovering", since: now, value }, signal: null };
}

function blind(state: RuleState | undefined, now: number): Step {
  if (state === undefined || state.blindSince !== null) return { state, signal: null };
  return { state: { ...state, blindSince: now }, signal: null };
}

function sighted(state: RuleState, now: number): RuleState {
  if (state.blindSince === null) return state;
  const passed = Math.max(0, now - state.blindSince);
  return { ...state, since: state.since + passed, blindSince: null };
}
