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

/** Of so many readings the one with the shortest way there and back counts. */
const mostReadings = 16;

/** `offsetMs`: what was known before. */
export function createHubClock(clock: Clock, offsetMs: number): HubClock {
  let readings: { readonly roundTripMs: number; readonly baseMs: number }[] = [];
  /** The hub's clock less the monotonic one, ms. */
  let baseMs = clock.now() - offsetMs - clock.monotonicMs();
  const now = (): number => baseMs + clock.monotonicMs();
  return {
    now: () => Math.round(now()),
    offsetMs: () => clock.now() - now(),
    read({ sentMs, heardMs, hubNow }) {
      const reading = {
        roundTripMs: heardMs - sentMs,
        baseMs: hubNow - (sentMs + heardMs) / 2,
      };
      // One that cannot be reconciled with this one is of another time: a clock was set, or this machine slept.
      readings = readings.filter(
        (one) =>
          Math.abs(one.baseMs - reading.baseMs) <= (one.roundTripMs + reading.roundTripMs) / 2 + 50,
      );
      readings = [...readings, reading].slice(-mostReadings);
      const best = readings.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a));
      baseMs = best.baseMs;
    },
  };
}
