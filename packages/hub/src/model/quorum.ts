/**
 * From what several locations say of a monitor to its status: pure. The same rule decides what holds now and, from the
 * intervals of the locations, what held then.
 *
 * - A location votes `up`, `degraded` or `down`. One that could not tell (its own network, its own fault), that is away or
 *   that never checked has no vote.
 * - down: at least `quorum` locations say so, since the last of the first `quorum` to go down.
 * - unknown: fewer than `quorum` locations vote, so nobody could say that it is down.
 * - degraded: at least `quorum` locations find it degraded or down.
 * - up: otherwise.
 */
import type { Reason } from "@belfry/contract";
import type { JudgedStatus } from "./judgement.ts";
import { quorumOf, type LocationInterval, type Placement } from "./location.ts";

/** What a location says. `at`: since when; `away`: it was not heard of for too long, `pending`: it never checked. */
export interface Vote {
  readonly location: string;
  readonly status: JudgedStatus | "away";
  readonly reason: Reason | null;
  readonly at: number;
}

/** What several locations come to. */
export interface Agreement {
  readonly status: JudgedStatus;
  readonly reason: Reason | null;
  /** The location whose word decided; null: none did. */
  readonly by: string | null;
  /** Locations that say what decided. */
  readonly agreeing: readonly string[];
  /** Since when it holds, as far as the votes tell. */
  readonly at: number;
}

/** Counts votes. `votes` has one for each location, in the order of the monitor's list. */
export function agree(votes: readonly Vote[], quorum: number): Agreement {
  const latest = votes.reduce((at, vote) => Math.max(at, vote.at), 0);
  const down = byTime(votes.filter(({ status }) => status === "down"));
  const decisive = down.at(quorum - 1);
  if (decisive !== undefined) {
    const { location, reason, at } = decisive;
    return { status: "down", reason, by: location, agreeing: names(down), at };
  }
  const voters = votes.filter(({ status }) => isVote(status));
  if (voters.length < quorum) return undecided(votes, latest);
  const slow = byTime(votes.filter(({ status }) => status === "degraded" || status === "down"));
  const last = slow.at(quorum - 1);
  if (last !== undefined) {
    return {
      status: "degraded",
      reason: null,
      by: last.location,
      agreeing: names(slow),
      at: last.at,
    };
  }
  const at = voters.reduce((newest, vote) => Math.max(newest, vote.at), 0);
  return { status: "up", reason: null, by: null, agreeing: names(voters), at };
}

/** Too few can vote: nobody ever checked it, or Belfry cannot tell. */
function undecided(votes: readonly Vote[], at: number): Agreement {
  const silent = votes.filter(({ status }) => !isVote(status));
  if (silent.every(({ status }) => status === "pending")) {
    return { status: "pending", reason: null, by: null, agreeing: [], at };
  }
  const unknown = silent.find(({ status }) => status === "unknown");
  return {
    status: "unknown",
    reason: unknown?.reason ?? "not_running",
    by: unknown?.location ?? null,
    agreeing: names(silent),
    at,
  };
}

function isVote(status: Vote["status"]): boolean {
  return status === "up" || status === "degraded" || status === "down";
}

function names(votes: readonly Vote[]): readonly string[] {
  return votes.map(({ location }) => location);
}

function byTime(votes: readonly Vote[]): readonly Vote[] {
  return votes.toSorted((a, b) => a.at - b.at);
}

/** A span in which a monitor had one status; `to` is null for the last. */
export interface Standing {
  readonly status: JudgedStatus;
  readonly reason: Reason | null;
  readonly from: number;
  readonly to: number | null;
}

/**
 * What the locations of a monitor came to from `from` on, without gaps or overlaps. `awayFrom`: since when locations
 * that are away have no vote.
 */
export function standingsOf(
  intervals: readonly LocationInterval[],
  placement: Placement,
  from: number,
  awayFrom: Readonly<Record<string, number>>,
): readonly Standing[] {
  const quorum = quorumOf(placement);
  const times = new Set([from]);
  for (const { location, from: begin, to } of intervals) {
    for (const time of [begin, to, awayFrom[location]]) {
      if (time != null && time > from) times.add(time);
    }
  }
  const standings: Standing[] = [];
  for (const time of [...times].toSorted((a, b) => a - b)) {
    const votes = placement.locations.map((location) =>
      voteAt(intervals, location, time, awayFrom),
    );
    const { status, reason } = agree(votes, quorum);
    const before = standings.at(-1);
    if (before?.status === status && before.reason === reason) continue;
    if (before !== undefined) standings.splice(-1, 1, { ...before, to: time });
    standings.push({ status, reason, from: time, to: null });
  }
  return standings;
}

function voteAt(
  intervals: readonly LocationInterval[],
  location: string,
  time: number,
  awayFrom: Readonly<Record<string, number>>,
): Vote {
  const found = intervals.find(
    (one) => one.location === location && one.from <= time && (one.to === null || one.to > time),
  );
  if (found === undefined) return { location, status: "pending", reason: null, at: time };
  const away = awayFrom[location];
  if (away !== undefined && found.to === null && time >= away) {
    return { location, status: "away", reason: null, at: away };
  }
  return { location, status: found.status, reason: found.reason, at: found.from };
}
