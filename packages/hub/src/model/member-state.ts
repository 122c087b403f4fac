/** How processes of a fleet fare, from what the database keeps of them. Pure. */
import { duties, shareCounts, type Duty, type Member } from "./fleet.ts";

/**
 * - `alive`: it renews its lease as it should;
 * - `late`: it did not for a while, or its lease has ended and nobody noticed yet;
 * - `lapsed`: it was taken for dead;
 * - `left`: it ended in order.
 */
export const memberStates = ["alive", "late", "lapsed", "left"] as const;
export type MemberState = (typeof memberStates)[number];

/** Two renewals did not come, ms. */
const lateAfterMs = 6_000;

/** How a process fares. */
export function memberState(
  member: Pick<Member, "seenAt" | "until" | "lapsedAt" | "leftAt" | "readAt">,
): MemberState {
  if (member.lapsedAt !== null) return "lapsed";
  if (member.leftAt !== null) return "left";
  const isLate = member.readAt - member.seenAt > lateAfterMs || member.until <= member.readAt;
  return isLate ? "late" : "alive";
}

/** Whether it was not taken for dead and did not leave: what it holds counts. */
export function isMember(member: Pick<Member, "lapsedAt" | "leftAt">): boolean {
  return member.lapsedAt === null && member.leftAt === null;
}

/** What nobody in the fleet holds. */
export interface Unheld {
  readonly check: number;
  readonly hear: number;
  readonly duties: readonly Duty[];
}

/** What nobody holds of all shares. */
export function unheldOf(members: readonly Member[]): Unheld {
  const present = members.filter(isMember);
  const left = (kind: "check" | "hear"): number =>
    present.reduce<number>((rest, { shares }) => rest - shares[kind], shareCounts[kind]);
  const done = new Set(present.flatMap((member) => member.duties));
  return {
    check: left("check"),
    hear: left("hear"),
    duties: duties.filter((duty) => !done.has(duty)),
  };
}

/** The releases that run, in the order of their names. */
export function versionsOf(members: readonly Member[]): readonly string[] {
  return [...new Set(members.filter(isMember).map(({ version }) => version))].toSorted();
}
