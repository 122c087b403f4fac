/** From what the locations of a monitor say to its status: the counterpart of `judge` for a monitor with several. Pure. */
import type { Reason } from "@belfry/contract";
import type { Failure, JudgeState, JudgedStatus, Transition } from "../model/judgement.ts";
import type { MonitorId } from "../model/id.ts";
import { agree, type Agreement, type Vote } from "../model/quorum.ts";
import { withFlapping } from "./judge.ts";

/** A vote, with what its location knows of its failure. */
export interface Ballot extends Vote {
  readonly failure: Failure | null;
  readonly failuresInRow: number;
  /** What the location's newest check said; null: it was up, or there was none. */
  readonly message: string | null;
}

export interface QuorumJudgement {
  readonly state: JudgeState;
  /** Set when the status or the flapping changed. */
  readonly transition: Transition | null;
  /** Set when the status changed. */
  readonly reason: Reason | null;
}

/** Judges the ballots of all locations at `now` (epoch ms). */
export function judgeQuorum(
  before: JudgeState,
  ballots: readonly Ballot[],
  quorum: number,
  { monitorId, now }: { readonly monitorId: MonitorId; readonly now: number },
): QuorumJudgement {
  const agreed = agree(ballots, quorum);
  const status = statusOf(before, agreed);
  if (status === before.status) return { state: before, transition: null, reason: agreed.reason };
  const decisive = ballots.find(({ location }) => location === agreed.by);
  const failure = status === "down" ? failureOf(decisive, agreed, ballots) : null;
  // Nothing begins before what it follows; what nobody can tell any more, and what is known again, begins now.
  const at =
    status === "unknown" || before.status === "unknown"
      ? now
      : Math.min(now, Math.max(agreed.at, before.since));
  const failures = ballots.filter((one) => one.status === "down").map((one) => one.failuresInRow);
  const next: JudgeState = {
    ...before,
    status,
    since: at,
    lastKnown: status === "unknown" ? before.lastKnown : status,
    failuresInRow: status === "down" ? Math.max(0, ...failures) : 0,
    successesInRow: status === "up" || status === "degraded" ? 1 : 0,
    degradedInRow: status === "degraded" ? 1 : 0,
    firstFailure: status === "unknown" ? before.firstFailure : failure,
  };
  const state = withFlapping(before, next, at);
  return {
    state,
    reason: agreed.reason,
    transition: {
      monitorId,
      from: before.status,
      to: state.status,
      knownFrom: before.lastKnown,
      knownTo: state.lastKnown,
      at: state.since,
      decidedAt: now,
      reason: agreed.reason,
      message: messageOf(status, agreed, decisive, ballots),
      failure: state.lastKnown === "down" ? state.firstFailure : null,
      flapping: state.flapping,
    },
  };
}

/** A monitor something was known of is `unknown`, not `pending`, when none of its locations checks. */
function statusOf(before: JudgeState, agreed: Agreement): JudgedStatus {
  if (agreed.status !== "pending") return agreed.status;
  return before.status === "pending" ? "pending" : "unknown";
}

/** The evidence of the location that decided, with how many agree. */
function failureOf(
  decisive: Ballot | undefined,
  agreed: Agreement,
  ballots: readonly Ballot[],
): Failure | null {
  if (decisive?.failure == null) return null;
  const { failure } = decisive;
  return {
    ...failure,
    message: `down ${share(agreed, ballots)}: ${failure.message}`,
    evidence: { ...failure.evidence, locations: [...agreed.agreeing] },
  };
}

function messageOf(
  status: JudgedStatus,
  agreed: Agreement,
  decisive: Ballot | undefined,
  ballots: readonly Ballot[],
): string | null {
  switch (status) {
    case "up":
    case "pending":
      return null;
    case "unknown":
      return `too few locations can tell: nothing from ${agreed.agreeing.join(", ")}`;
    case "down":
    case "degraded": {
      const message = decisive?.failure?.message ?? decisive?.message;
      const found =
        status === "down" ? `down ${share(agreed, ballots)}` : `degraded ${share(agreed, ballots)}`;
      return message == null ? found : `${found}: ${message}`;
    }
  }
}

/** `from 2 of 3 locations (paris, tokyo)`. */
function share({ agreeing }: Agreement, ballots: readonly Ballot[]): string {
  return `from ${agreeing.length} of ${ballots.length} locations (${agreeing.join(", ")})`;
}
