/**
 * Monitors that are checked from several locations. At each location somebody checks them in the same slots; what is
 * found is judged for each location alone, and the locations decide the status of the monitor by quorum (`quorum.ts`).
 * Times are epoch ms.
 */
import type { Reason } from "@belfry/contract";
import type { LastCheck } from "./board.ts";
import type { Id, MonitorId } from "./id.ts";
import type { JudgeState, JudgedStatus } from "./judgement.ts";
import type { Monitor } from "./monitor.ts";
import type { Outcome } from "./outcome.ts";

export type WorkerId = Id<"worker">;

/** Where a monitor is checked from. */
export interface Placement {
  /** Each once, at least one. `local`, or the hub's own location by its name: the fleet's own processes. */
  readonly locations: readonly string[];
  /** The monitor is down when at least so many of its locations say so; null: more than half of them. */
  readonly quorum: number | null;
}

/** What stands for the fleet's own processes in a list of locations, whatever their location is called. */
export const ownLocation = "local";

/** How many locations must agree. */
export function quorumOf({ locations, quorum }: Placement): number {
  return quorum ?? Math.floor(locations.length / 2) + 1;
}

/** The name under which the fleet's own processes stand in a monitor's list; undefined: they do not check it. */
export function ownNameIn(monitor: Monitor, hubLocation: string): string | undefined {
  return monitor.placement?.locations.find((name) => name === ownLocation || name === hubLocation);
}

/** How long an outcome may take from the end of its check to the hub before its location is taken for away, ms. */
const graceMs = 5_000;

/**
 * A location nothing was heard of for longer than this, ms, is away and has no vote: two slots, the time its check may
 * take, and a moment to tell of it.
 */
export function awayAfterMs({ intervalMs, timeoutMs }: Monitor): number {
  return 2 * intervalMs + timeoutMs + graceMs;
}

/** What one check at a location found. There is one for each monitor, location and slot. */
export interface LocationOutcome {
  readonly monitorId: MonitorId;
  /** The version of the monitor that was checked. */
  readonly version: number;
  /** As it stands in the monitor's list. */
  readonly location: string;
  /** The time for which the check was due; retries and checks in between have the time they began at. */
  readonly slot: number;
  readonly at: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
}

/** What became of outcomes that were handed in. */
export interface TakenOutcomes {
  readonly taken: number;
  /** Their slot was told of before. */
  readonly duplicates: number;
  /** Their monitor is gone, is not checked there any more, or their time lies in the future. */
  readonly refused: number;
}

/** What is known of one location of a monitor. */
export interface LocationKnown {
  readonly location: string;
  /** The newest check that was judged; null: none was, since the monitor was changed last in a way that matters. */
  readonly judgedAt: number | null;
  readonly judge: JudgeState | null;
  readonly last: LastCheck | null;
  /** What was checked of an older version of the monitor is not judged. */
  readonly fromVersion: number;
}

/** An outcome that waits to be judged. `fills`: newer ones of its location were judged already. */
export interface WaitingOutcome extends LocationOutcome {
  readonly fills: boolean;
}

/** What there is to judge about one monitor. */
export interface LocationWork {
  readonly monitorId: MonitorId;
  readonly known: readonly LocationKnown[];
  /** Of each location in the order of their slots. */
  readonly outcomes: readonly WaitingOutcome[];
}

/** The end of the present status interval of a location and the start of the next one, both at `at`. */
export interface LocationChange {
  readonly location: string;
  readonly status: JudgedStatus;
  readonly reason: Reason | null;
  readonly at: number;
}

/** An interval in which a location had one status; `to` is null for the open one. */
export interface LocationInterval {
  readonly location: string;
  readonly status: JudgedStatus;
  readonly reason: Reason | null;
  readonly from: number;
  readonly to: number | null;
}

/** What was decided about the locations of one monitor, beside what `Change` holds of it. */
export interface LocationsJudged {
  readonly monitorId: MonitorId;
  /** Nothing of the monitor is written when its version is another one by now. */
  readonly version: number;
  readonly known: readonly LocationKnown[];
  readonly changes: readonly LocationChange[];
  /** Outcomes that need not be kept any more. */
  readonly done: readonly { readonly location: string; readonly slot: number }[];
  /** Set when what was told late belongs to a time that was judged without it. */
  readonly rewrite: HistoryRewrite | null;
}

/** The status of a monitor is told anew for a span that has passed. */
export interface HistoryRewrite {
  readonly from: number;
  readonly placement: Placement;
  /** Until when the last status of each location counts, for those that are away at present. */
  readonly awayFrom: Readonly<Record<string, number>>;
}

/** A process elsewhere that checks for this hub. */
export interface RemoteWorker {
  readonly id: WorkerId;
  readonly name: string;
  readonly location: string;
  readonly version: string;
  /** When it introduced itself, and when it was heard last. */
  readonly joinedAt: number;
  readonly seenAt: number;
  /** Outcomes that wait at the worker, and those it had to drop since it was started. */
  readonly waiting: number;
  readonly dropped: number;
  /** Its clock less the hub's, ms, as it measured it. */
  readonly clockOffsetMs: number;
}

/** A worker that was not heard for longer than this is given nothing to check: others at its location do, ms. */
export const workerGoneMs = 15_000;

/** Which slots of a monitor at a location were told of: all up to `newest`, but for the gaps. */
export interface SeenSlots {
  readonly newest: number;
  /** Spans in which nothing was told, ascending, both ends exclusive; the newest `mostGaps` are kept. */
  readonly gaps: readonly (readonly [number, number])[];
}

/** Gaps that are remembered for each monitor and location. */
export const mostGaps = 32;

/**
 * Takes in the slot of an outcome. `new`: it is the newest; `fills`: it lies in a gap; `duplicate`: it was told of before.
 * A slot inside a gap splits it, so that it is taken once.
 */
export function takeSlot(
  before: SeenSlots | undefined,
  slot: number,
  intervalMs: number,
): { readonly kind: "new" | "fills" | "duplicate"; readonly seen: SeenSlots } {
  if (before === undefined) return { kind: "new", seen: { newest: slot, gaps: [] } };
  const isGap = ([from, to]: readonly [number, number]): boolean => to - from > 1.5 * intervalMs;
  if (slot > before.newest) {
    const span = [before.newest, slot] as const;
    const gaps = isGap(span) ? [...before.gaps, span].slice(-mostGaps) : before.gaps;
    return { kind: "new", seen: { newest: slot, gaps } };
  }
  const hit = before.gaps.find(([from, to]) => from < slot && slot < to);
  if (hit === undefined) return { kind: "duplicate", seen: before };
  const gaps = before.gaps.flatMap((gap): (readonly [number, number])[] => {
    if (gap !== hit) return [gap];
    const left = [gap[0], slot] as const;
    // What fills a gap comes in order: what is left of it lies behind, however short.
    return [...(isGap(left) ? [left] : []), [slot, gap[1]]];
  });
  return { kind: "fills", seen: { newest: before.newest, gaps: gaps.slice(-mostGaps) } };
}

/**
 * Which of the workers at one location checks a monitor: the same for whoever asks, spread evenly, and changed for as few
 * monitors as can be when a worker comes or goes. undefined: there is none.
 */
export function chosenWorker(
  workers: readonly WorkerId[],
  monitorId: MonitorId,
): WorkerId | undefined {
  let chosen: WorkerId | undefined;
  let highest = -1;
  for (const worker of workers) {
    const weight = workers.length === 1 ? 0 : weightOf(worker, monitorId);
    if (weight > highest) {
      highest = weight;
      chosen = worker;
    }
  }
  return chosen;
}

/** FNV-1a over both ids, mixed once more so that ids that differ little weigh quite differently. */
function weightOf(worker: WorkerId, monitorId: MonitorId): number {
  let hash = 0x811c9dc5;
  for (const text of [worker, monitorId]) {
    for (let i = 0; i < text.length; i += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
