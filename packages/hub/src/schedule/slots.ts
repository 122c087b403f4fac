/**
 * Slots on a clock that several processes share. A monitor's slot `n` begins at `phase + n × interval`, the phase follows
 * from its id, so whoever checks it checks it at the same times, and a slot that somebody used is nobody else's.
 */
import type { MonitorId } from "../model/id.ts";

/** What is to be checked. */
export interface Slotted {
  readonly id: MonitorId;
  readonly intervalMs: number;
}

/** A number from 0 to 1 that follows from an id (its last 32 bits, which are random in a UUIDv7). */
export function spreadOf(id: MonitorId): number {
  return Number.parseInt(id.slice(-8), 16) / 0x1_0000_0000;
}

/** The number of the slot in which `at` (epoch ms) lies. */
export function slotAt({ id, intervalMs }: Slotted, at: number): number {
  return Math.floor((at - phaseOf(id, intervalMs)) / intervalMs);
}

/** When a slot begins, epoch ms. */
export function startOfSlot({ id, intervalMs }: Slotted, slot: number): number {
  return phaseOf(id, intervalMs) + slot * intervalMs;
}

function phaseOf(id: MonitorId, intervalMs: number): number {
  return spreadOf(id) * intervalMs;
}

/** How a monitor is taken over. */
export interface TakeOver {
  /** ms until its next slot. */
  readonly delayMs: number;
  /** ms until it is checked for the slot that began already; null: somebody used that slot, or may have. */
  readonly soonerMs: number | null;
  /** Slots that nobody used. */
  readonly missed: number;
  /** Where something was missed: up to when the last check tells of it (epoch ms); null: nothing was missed. */
  readonly knownUntil: number | null;
}

/** Clocks of two machines, and a check that begins a little early or late, differ by less, ms. */
const toleranceMs = 400;
/** What was missed is checked within so long, ms: not everything at once. */
const mostSpreadMs = 10_000;

/**
 * Plans the same for a monitor of which nobody knows when it was checked last: it was looked after by a release, or on a
 * database, that noted no such thing. It is checked soon, so that a move costs no check. `knownUntil`: see `TakeOver`.
 */
export function planFirst(monitor: Slotted, now: number, knownUntil: number | null): TakeOver {
  const delayMs = startOfSlot(monitor, slotAt(monitor, now) + 1) - now;
  return { delayMs, soonerMs: soonerOf(monitor, delayMs), missed: 0, knownUntil };
}

function soonerOf({ id }: Slotted, delayMs: number): number {
  return spreadOf(id) * Math.min(delayMs * 0.8, mostSpreadMs);
}

/**
 * Plans from when on a monitor is checked by whoever takes it over at `now`. `lastCheckedAt`: its last check that was
 * stored; null: there was none. `safeFrom`: whoever looked after it before began nothing from then on. Epoch ms.
 */
export function planTakeOver(
  monitor: Slotted,
  { now, lastCheckedAt, safeFrom }: { now: number; lastCheckedAt: number | null; safeFrom: number },
): TakeOver {
  const current = slotAt(monitor, now);
  const delayMs = startOfSlot(monitor, current + 1) - now;
  if (lastCheckedAt === null) return { delayMs, soonerMs: null, missed: 0, knownUntil: null };
  const tolerance = Math.min(toleranceMs, monitor.intervalMs / 4);
  const passed = current - slotAt(monitor, lastCheckedAt + tolerance);
  if (passed <= 0) return { delayMs, soonerMs: null, missed: 0, knownUntil: null };
  const isFree = startOfSlot(monitor, current) > safeFrom;
  const missed = isFree ? passed - 1 : passed;
  return {
    delayMs,
    soonerMs: isFree ? soonerOf(monitor, delayMs) : null,
    missed,
    knownUntil: missed === 0 ? null : Math.min(lastCheckedAt + monitor.intervalMs, now),
  };
}
