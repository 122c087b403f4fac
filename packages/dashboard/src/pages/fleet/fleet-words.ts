/** What is said and drawn of the processes of a fleet. Pure. */
import type { FleetDuty, FleetMemberView, FleetState, FleetView } from "@belfry/contract";
import { formatCount, formatPerSecond, formatPlural } from "../../format/number.ts";
import { formatAgo, formatDuration } from "../../format/time.ts";

/** How loud something is: what a person must mend, what may pass by itself, what is good to know. */
export type FleetTone = "bad" | "attention" | "calm";

/** Something that is to be known, in a sentence. */
export interface FleetNote {
  readonly tone: FleetTone;
  readonly text: string;
}

/** Shapes on a field of 12 × 12, drawn with the even-odd rule; `look` is the colour. */
const states = {
  alive: {
    title: "Alive",
    meaning: "Renews its lease every few seconds",
    look: "is-up",
    shape: "M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z",
  },
  late: {
    title: "Late",
    meaning: "Has not renewed its lease when it should have",
    look: "is-degraded",
    shape: "M6 .8a5.2 5.2 0 1 0 0 10.4a5.2 5.2 0 0 0 0-10.4zM5.3 2.8h1.4v3l2 1.2l-.7 1.2L5.3 6.6z",
  },
  lapsed: {
    title: "Lapsed",
    meaning: "Was taken for dead: the others look after what it had",
    look: "is-down",
    shape:
      "M1 1h10v10H1zM3.9 2.9L2.9 3.9L5 6L2.9 8.1L3.9 9.1L6 7L8.1 9.1L9.1 8.1L7 6L9.1 3.9L8.1 2.9L6 5z",
  },
  left: {
    title: "Left",
    meaning: "Was stopped in order",
    look: "is-paused",
    shape: "M2 2h8v8H2zM3.6 3.6v4.8h4.8V3.6z",
  },
} as const satisfies Record<FleetState, object>;

/** The word, the meaning, the class and the shape of a state. */
export function stateLook(state: FleetState): (typeof states)[FleetState] {
  return states[state];
}

const duties = {
  rules: { title: "rules", meaning: "Looks at rules over series" },
  upkeep: { title: "upkeep", meaning: "Merges history and drops what is too old" },
  runs: { title: "runs", meaning: "Looks for lost and late runs of jobs" },
} as const satisfies Record<FleetDuty, object>;

/** What a duty is called, and what whoever has it does for all. */
export function dutyLook(duty: FleetDuty): (typeof duties)[FleetDuty] {
  return duties[duty];
}

/** Those that are there: alive or late. */
export function presentOf({ members }: FleetView): readonly FleetMemberView[] {
  return members.filter(({ state }) => state === "alive" || state === "late");
}

/** Those that lapsed or left, the last first. */
export function endedOf({ members }: FleetView): readonly FleetMemberView[] {
  return members
    .filter(({ state }) => state === "lapsed" || state === "left")
    .toSorted((a, b) => (a.ended_seconds_ago ?? 0) - (b.ended_seconds_ago ?? 0));
}

/** After so long a lapse is no news any more, s. */
const newsSeconds = 600;

/** A fleet, and whether what nobody holds has been so for a while: what changes hands is nobody's for a moment. */
export interface SeenFleet {
  readonly fleet: FleetView;
  readonly unheldLasts: boolean;
}

/** Whether nobody holds something. */
export function isUnheld({ unheld }: FleetView): boolean {
  return unheld.check + unheld.hear + unheld.duties.length > 0;
}

/** How things stand in a line: what is wrong, and how many there are. */
export function fleetHeadline({ fleet, unheldLasts }: SeenFleet): {
  readonly troubles: readonly FleetNote[];
  readonly rest: string;
} {
  const present = presentOf(fleet);
  const unheld = unheldLasts ? fleet.unheld.check + fleet.unheld.hear : 0;
  const undone = unheldLasts ? fleet.unheld.duties.length : 0;
  const late = present.filter(({ state }) => state === "late").length;
  const lapsed = recentlyLapsed(fleet).length;
  const troubles: FleetNote[] = [
    ...(unheld > 0
      ? [{ tone: "bad", text: `${formatPlural(unheld, "share")} nobody holds` } as const]
      : []),
    ...(undone > 0
      ? [{ tone: "bad", text: `${formatPlural(undone, "duty", "duties")} nobody does` } as const]
      : []),
    ...(late > 0 ? [{ tone: "attention", text: `${formatCount(late)} late` } as const] : []),
    ...(lapsed > 0 ? [{ tone: "attention", text: `${formatCount(lapsed)} lapsed` } as const] : []),
  ];
  const count = formatPlural(present.length, "process", "processes");
  if (troubles.length > 0) return { troubles, rest: `with ${count} at work` };
  const rest = present.length === 1 ? `${count} does everything` : `${count} share the work`;
  return { troubles, rest };
}

function recentlyLapsed(fleet: FleetView): readonly FleetMemberView[] {
  return endedOf(fleet).filter(
    ({ state, ended_seconds_ago: ago }) => state === "lapsed" && (ago ?? 0) <= newsSeconds,
  );
}

/** Everything that is to be known, the worst first. */
export function fleetNotes({ fleet, unheldLasts }: SeenFleet): readonly FleetNote[] {
  const present = presentOf(fleet);
  const all = [
    ...(unheldLasts ? unheldNotes(fleet) : movingNotes(fleet)),
    ...present.flatMap(lateNotes),
    ...lapsedNotes(fleet),
    ...present.flatMap(lagNotes),
    ...versionNotes(fleet),
    ...loneNotes(present),
  ];
  const order: readonly FleetTone[] = ["bad", "attention", "calm"];
  return all.toSorted((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
}

function unheldNotes(fleet: FleetView): readonly FleetNote[] {
  const { check, hear, duties: undone } = fleet.unheld;
  const of = (kind: "check" | "hear", count: number): string =>
    `Nobody holds ${formatCount(count)} of ${formatPlural(totalShares(fleet, kind), "share")}`;
  return [
    ...(check > 0 ? [`${of("check", check)} of checks: their monitors are not checked.`] : []),
    ...(hear > 0
      ? [`${of("hear", hear)} of hosts and heartbeats: nobody notices when those fall silent.`]
      : []),
    ...(undone.length > 0 ? [`No hub does what one does for all: ${undone.join(", ")}.`] : []),
  ].map((text) => ({ tone: "bad", text }));
}

function movingNotes({ unheld }: FleetView): readonly FleetNote[] {
  const shares = unheld.check + unheld.hear;
  if (shares === 0) return [];
  const are = shares === 1 ? "is" : "are";
  return [{ tone: "calm", text: `${formatPlural(shares, "share")} ${are} changing hands.` }];
}

/** How many shares of a kind there are. */
export function totalShares(fleet: FleetView, kind: "check" | "hear"): number {
  return presentOf(fleet).reduce((sum, { shares }) => sum + shares[kind], fleet.unheld[kind]);
}

function lateNotes(member: FleetMemberView): readonly FleetNote[] {
  if (member.state !== "late") return [];
  const silent = formatDuration(member.seen_seconds_ago * 1000);
  const text = `${nameOf(member)} has been silent for ${silent}; when its lease ends, others take over what it looks after.`;
  return [{ tone: "attention", text }];
}

function lapsedNotes(fleet: FleetView): readonly FleetNote[] {
  const lapsed = endedOf(fleet).filter(({ state }) => state === "lapsed");
  const [last] = lapsed;
  if (last === undefined) return [];
  const seconds = last.ended_seconds_ago ?? 0;
  const ago = formatAgo(0, seconds * 1000);
  const isWhole = fleet.unheld.check + fleet.unheld.hear === 0;
  const fate = isWhole ? "were taken over" : "are being taken over";
  const text =
    lapsed.length === 1
      ? `${nameOf(last)} lapsed ${ago}; its monitors ${fate}.`
      : `${formatCount(lapsed.length)} processes lapsed, the last ${ago}; their monitors ${fate}.`;
  return [{ tone: seconds <= newsSeconds ? "attention" : "calm", text }];
}

/** From here on a process is given less to do, s; and from here on its checks are of little use. */
const lagAttention = 1;
const lagBad = 5;

/** How loud a lag is. */
export function lagTone(seconds: number): FleetTone {
  if (seconds < lagAttention) return "calm";
  return seconds < lagBad ? "attention" : "bad";
}

function lagNotes(member: FleetMemberView): readonly FleetNote[] {
  const tone = lagTone(member.lag_seconds);
  if (tone === "calm") return [];
  const late = formatDuration(member.lag_seconds * 1000);
  return [{ tone, text: `Checks of ${nameOf(member, true)} begin up to ${late} late.` }];
}

function versionNotes({ versions }: FleetView): readonly FleetNote[] {
  if (versions.length < 2) return [];
  const last = versions.at(-1) ?? "";
  const list = `${versions.slice(0, -1).join(", ")} and ${last}`;
  const text = `${formatCount(versions.length)} versions run: ${list}.`;
  return [{ tone: "attention", text }];
}

function loneNotes(present: readonly FleetMemberView[]): readonly FleetNote[] {
  const hubs = present.filter(({ kind }) => kind === "hub").length;
  if (present.length === 1) {
    const text = "There is one process: while it is away, nobody takes its place.";
    return [{ tone: "calm", text }];
  }
  if (hubs !== 1) return [];
  const text =
    "There is one hub: while it is away, no page answers, no host is heard and nobody is told.";
  return [{ tone: "calm", text }];
}

/** `The hub alpha:12`; within a sentence `the hub alpha:12`. */
function nameOf({ kind, name }: FleetMemberView, isWithin = false): string {
  return `${isWithin ? "the" : "The"} ${kind} ${name}`;
}

/** How many checks are made: `212/s`, `1.4/s`, `6/min`. */
export function checksWords(perSecond: number): string {
  const perMinute = perSecond * 60;
  if (perSecond >= 0.95 || perMinute < 0.05)
    return formatPerSecond(perMinute < 0.05 ? 0 : perSecond);
  return `${perMinute < 0.95 ? perMinute.toFixed(1) : formatCount(perMinute)}/min`;
}

/** A part of the bar of shares. */
export interface SharePart {
  /** Id of its holder; null: nobody holds them. */
  readonly id: string | null;
  readonly name: string;
  readonly count: number;
}

/** How the shares of a kind are spread, in the order of the processes. */
export function shareParts(fleet: FleetView, kind: "check" | "hear"): readonly SharePart[] {
  const held = presentOf(fleet).map(({ id, name, shares }) => ({ id, name, count: shares[kind] }));
  return [...held, { id: null, name: "nobody", count: fleet.unheld[kind] }].filter(
    ({ count }) => count > 0,
  );
}

/** The same in words: `alpha:12 128, beta:7 128`. */
export function shareWords(parts: readonly SharePart[]): string {
  return parts.map(({ name, count }) => `${name} ${formatCount(count)}`).join(", ");
}
