/**
 * Which slot of its monitor each request was for. A request carries no slot, so it is read from its time: the slot whose
 * span it lies in, or begins within a moment of it, as clocks differ. It belongs to an earlier one where that is what
 * must have happened:
 *
 * - it came a little late, and its own slot was used afterwards while the one before was used by nobody,
 * - its process was stopped while the check was on its way, so it arrived when the process went on.
 *
 * Whatever is left without a slot of its own is a second check of one slot.
 */
import type { Asked, Fault, Limits, Stored, Watched } from "./evidence.ts";

export interface Usage<T> {
  /** The slots that were used, by number. */
  readonly used: ReadonlyMap<number, T>;
  readonly seconds: readonly { readonly slot: number; readonly first: T; readonly again: T }[];
  /** Requests after a failure within the same slot: the judge asked again. */
  readonly retries: number;
  /** Requests of a process that went on with what it had begun before it was stopped. */
  readonly wokenUp: number;
}

/** Clocks differ by less, ms. */
const mostEarlyMs = 200;

/** When a slot begins, epoch ms. */
export function slotTime({ intervalMs, phaseMs }: Watched, slot: number): number {
  return phaseMs + slot * intervalMs;
}

/** The slot of something that happened at a moment. */
export function slotAt({ intervalMs, phaseMs }: Watched, at: number): number {
  const earlyMs = Math.min(mostEarlyMs, intervalMs / 5);
  return Math.floor((at + earlyMs - phaseMs) / intervalMs);
}

/** Gives each request, or each stored outcome, of one monitor its slot. `asked` is of that monitor alone, in order. */
export function useSlots<T extends Asked | Stored>(
  watched: Watched,
  asked: readonly T[],
  faults: readonly Fault[],
  { lateMs }: Pick<Limits, "lateMs">,
): Usage<T> {
  const used = new Map<number, T>();
  const seconds: { slot: number; first: T; again: T }[] = [];
  let retries = 0;
  let wokenUp = 0;
  let before: T | undefined;
  for (const one of asked) {
    const slot = slotAt(watched, one.at);
    const first = used.get(slot);
    const begun = begunSlot(watched, one, faults, lateMs);
    if (begun !== undefined && begun !== slot && !used.has(begun)) {
      used.set(begun, one);
      wokenUp += 1;
    } else if (first === undefined) {
      used.set(slot, one);
    } else if (before?.failed === true) {
      retries += 1;
    } else if (wasLate(watched, first, slot, lateMs) && !used.has(slot - 1)) {
      used.set(slot - 1, first);
      used.set(slot, one);
    } else {
      seconds.push({ slot, first, again: one });
    }
    before = one;
  }
  return { used, seconds, retries, wokenUp };
}

/** Whether a request may have been for the slot before the one it arrived in. */
function wasLate(watched: Watched, one: Asked | Stored, slot: number, lateMs: number): boolean {
  return one.at - slotTime(watched, slot) <= Math.min(lateMs, watched.intervalMs / 2);
}

/** The slot of a check that its process had begun when it was stopped, for a request that came right after it went on. */
function begunSlot(
  watched: Watched,
  one: Asked | Stored,
  faults: readonly Fault[],
  lateMs: number,
): number | undefined {
  if (!("process" in one)) return undefined;
  for (const fault of faults) {
    if (fault.kind !== "stop" || fault.process !== one.process) continue;
    if (one.at < fault.to || one.at > fault.to + lateMs) continue;
    const slot = slotAt(watched, fault.from);
    if (fault.from - slotTime(watched, slot) <= lateMs) return slot;
  }
  return undefined;
}
