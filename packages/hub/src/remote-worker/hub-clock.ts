/**
 * The hub's clock, as a worker knows it: outcomes carry the hub's times, so that what several locations found at one
 * instant has one time. Between two readings it goes on with the monotonic clock, so that a wall clock that is set here
 * changes nothing; before the first reading it is the wall clock with the offset that was known last.
 */
import type { Clock } from "../model/clock.ts";
import type { ClockReading } from "./hub-link.ts";

export interface HubClock {
  /** The hub's time, epoch ms. */
  now(): number;
  /** This machine's wall clock less the hub's, ms. */
  offsetMs(): number;
  /** Takes in what an exchange showed. */
  read(reading: ClockReading): void;
}

interface Known {
  /** It may be wrong by half of it, ms. */
  readonly spanMs: number;
  /** The hub's clock less the monotonic one, ms. */
  readonly baseMs: number;
}

/** Of so many readings the one with the shortest way there and back counts. */
const mostReadings = 16;
/** What was known before a restart is taken to be wrong by half of it at most, and a clock nobody compared by this, ms. */
const keptSpanMs = 1_000;
const unknownSpanMs = 60_000;
/** Clocks drift apart between two readings, ms. */
const driftMs = 50;

/** `keptOffsetMs`: what was known before; null: nothing. */
export function createHubClock(clock: Clock, keptOffsetMs: number | null): HubClock {
  const wallBaseMs = clock.now() - clock.monotonicMs();
  let known: readonly Known[] = [
    keptOffsetMs === null
      ? { spanMs: unknownSpanMs, baseMs: wallBaseMs }
      : { spanMs: keptSpanMs, baseMs: wallBaseMs - keptOffsetMs },
  ];
  let baseMs = wallBaseMs - (keptOffsetMs ?? 0);
  const now = (): number => baseMs + clock.monotonicMs();
  return {
    now: () => Math.round(now()),
    offsetMs: () => clock.now() - now(),
    read({ sentMs, heardMs, hubNow }) {
      const reading = { spanMs: heardMs - sentMs, baseMs: hubNow - (sentMs + heardMs) / 2 };
      // What cannot be reconciled with the newest is of another time: a clock was set, or this machine slept.
      const fitting = known.filter(
        (one) =>
          Math.abs(one.baseMs - reading.baseMs) <= (one.spanMs + reading.spanMs) / 2 + driftMs,
      );
      known = [...fitting, reading].slice(-mostReadings);
      baseMs = known.reduce((a, b) => (b.spanMs <= a.spanMs ? b : a)).baseMs;
    },
  };
}
