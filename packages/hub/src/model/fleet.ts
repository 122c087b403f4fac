/**
 * Several processes on one PostgreSQL. Each is a row with a lease on the database's clock, renewed every few seconds.
 * What is to be done is cut into shares, each held by one process at a time:
 *
 * - `check-0` … `check-255`: monitors that are checked, by their ids; hubs and workers hold them,
 * - `hear-0` … `hear-63`: hosts and heartbeats, which are waited for; only hubs hold them,
 * - `duty-…`: what one hub does for all.
 *
 * A process that did not renew its lease in time is taken for dead: it is marked `lapsed` for good, the others take its
 * shares, and whatever it still tries to write about monitors is refused. If it lives after all it joins again, as a new
 * process.
 */
import type { Status } from "@belfry/contract";
import type { LastCheck } from "./board.ts";
import type { Id, MonitorId } from "./id.ts";

export type ProcessId = Id<"process">;

/** What a share is about. */
export type ShareKind = "check" | "hear" | "duty";

/** What one hub does for all: rules over series, the upkeep of history, looking for lost and late runs of jobs. */
export const duties = ["rules", "upkeep", "runs"] as const;
export type Duty = (typeof duties)[number];

/** How many shares there are of each kind. Never changed: processes of two releases must agree. */
export const shareCounts = { check: 256, hear: 64 } as const;

/** `check-17`, `hear-3`, `duty-rules`. */
export type ShareName = `check-${number}` | `hear-${number}` | `duty-${Duty}`;

/** Every share there is. */
export const shareNames: readonly ShareName[] = [
  ...Array.from({ length: shareCounts.check }, (_, i) => `check-${i}` as const),
  ...Array.from({ length: shareCounts.hear }, (_, i) => `hear-${i}` as const),
  ...duties.map((duty) => `duty-${duty}` as const),
];

/** The share a monitor belongs to, by the last bits of its id, which are random. */
export function shareOf(kind: "check" | "hear", id: MonitorId): ShareName {
  return `${kind}-${Number.parseInt(id.slice(-4), 16) % shareCounts[kind]}`;
}

/** The kind of a share. */
export function kindOfShare(name: ShareName): ShareKind {
  return name.startsWith("check-") ? "check" : name.startsWith("hear-") ? "hear" : "duty";
}

/** Which process it is; times are epoch ms of the database's clock. */
export interface FleetProcess {
  readonly id: ProcessId;
  readonly kind: "hub" | "worker";
  /** Name of its machine and its process number: what a person finds it by. */
  readonly name: string;
  readonly location: string;
  readonly version: string;
  /** Where its API or its health is asked for; null: nowhere. */
  readonly url: string | null;
  /** Which shares it may hold. */
  readonly holds: readonly ShareKind[];
}

/** How a process fares, as it says with every renewal. */
export interface ProcessFigures {
  readonly monitors: number;
  readonly checksPerSecond: number;
  /** How late checks begin, the largest of the last minute, seconds. */
  readonly lagSeconds: number;
  /** CPU used since the last renewal, in cores. */
  readonly cpu: number;
  /** Slots nobody used because they fell into a take-over, since the process joined. */
  readonly missed: number;
}

/** A process as the others see it. */
export interface Member extends FleetProcess {
  readonly joinedAt: number;
  readonly seenAt: number;
  /** When its lease ends. */
  readonly until: number;
  /** When it was taken for dead; null: it was not. */
  readonly lapsedAt: number | null;
  /** When it left in order; null: it did not. */
  readonly leftAt: number | null;
  /** The database's clock when this was read. */
  readonly readAt: number;
  readonly figures: ProcessFigures;
  readonly shares: Readonly<Record<"check" | "hear", number>>;
  readonly duties: readonly Duty[];
}

/** A share that a process took just now. */
export interface TakenShare {
  readonly name: ShareName;
  /** The last sign of life of whoever held it before, or when that was given up; null: nobody ever held it. Epoch ms. */
  readonly freeSince: number | null;
}

/** What a renewal came to. */
export interface Renewal {
  /** false: the process was taken for dead. Nothing else is true then. */
  readonly alive: boolean;
  /** The database's clock, epoch ms. */
  readonly now: number;
  readonly taken: readonly TakenShare[];
  /** All the process holds, those included. */
  readonly held: readonly ShareName[];
  /** How many more than its fair share it holds. */
  readonly excess: Readonly<Record<ShareKind, number>>;
  /** How many other processes live. */
  readonly others: number;
}

/** A monitor as the process that looks after it last saw it; what boards elsewhere show. */
export interface Shown {
  readonly monitorId: MonitorId;
  /** The version of the monitor that was checked. */
  readonly version: number;
  readonly status: Status;
  readonly since: number;
  readonly flapping: boolean;
  readonly failuresInRow: number;
  readonly lastCheck: LastCheck;
}

/** What a process tells the others so that they look at once; they look every few seconds anyway. */
export const hintTopics = [
  /** Monitors were made, changed or deleted. */
  "monitors",
  /** A status changed. */
  "status",
  /** Transitions or signals wait for alerting. */
  "signals",
  /** Incidents changed. */
  "incidents",
  /** Notices wait. */
  "notices",
  /** Channels, routes, rules, silences or maintenance windows were changed. */
  "policy",
  /** Shares became free. */
  "shares",
  /** Somebody asked for a check now. */
  "requests",
  /** Hosts were made, changed or deleted. */
  "hosts",
  /** Heartbeats were called. */
  "calls",
  /** Runs or jobs changed. */
  "runs",
  /** Keys or sessions were changed. */
  "keys",
  /** Outcomes of checks at several locations wait to be judged. */
  "outcomes",
] as const;
export type HintTopic = (typeof hintTopics)[number];

/**
 * How many of `total` shares each process should hold: in proportion to weights, whole numbers, and the same for whoever
 * computes it. Members must be sorted by id.
 */
export function fairShares(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const whole = exact.map(Math.floor);
  const left = total - whole.reduce((a, b) => a + b, 0);
  const byRest = exact
    .map((value, i) => ({ i, rest: value - Math.floor(value) }))
    .toSorted((a, b) => b.rest - a.rest || a.i - b.i);
  const more = new Set(byRest.slice(0, left).map(({ i }) => i));
  return whole.map((count, i) => count + (more.has(i) ? 1 : 0));
}

/**
 * What a process counts for when shares are spread: less the later its checks begin, between a quarter and one. Steps
 * are coarse, so that shares do not wander because of noise.
 */
export function weightOf({ lagSeconds }: Pick<ProcessFigures, "lagSeconds">): number {
  if (lagSeconds < 1) return 1;
  return lagSeconds < 5 ? 0.5 : 0.25;
}
