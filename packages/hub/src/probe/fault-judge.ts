/**
 * Rules out Belfry itself before a fault is called the target's: did the event loop stand still meanwhile, and is
 * Belfry's own network there?
 */
import type { Clock } from "../model/clock.ts";
import { faultOf, type Fault } from "./fault.ts";
import type { Doubt } from "./own-network.ts";

/** How long the event loop stood still between two instants (monotonic ms), in ms. */
export interface Stalls {
  stalledBetween(fromMs: number, toMs: number): number;
}

/** What of a check a fault is judged by. Times in ms, instants monotonic. */
export interface JudgedCheck {
  readonly startedMs: number;
  readonly limitMs: number;
  /** The judgement adds no more than this. */
  readonly waitMs: number;
  /** The address that did not answer, as far as one was reached for. */
  readonly about: string | null;
}

export interface FaultJudge {
  /** Gives back the fault, or the fault of Belfry's own behind it. Never rejects. */
  judge(fault: Fault, check: JudgedCheck): Promise<Fault>;
  /** Called a little before a time limit passes, so that the judgement is ready when it does. */
  prepare(): void;
  /** How long before the limit `prepare` wants to be called, in ms; 0: not at all. */
  readonly prepareMs: number;
}

/** A stall counts when it took this share of the time limit away, and more than `leastMarginMs`. */
const marginRatio = 0.1;
const leastMarginMs = 50;

export interface FaultJudgeParts {
  readonly clock: Clock;
  readonly stalls: Stalls;
  readonly network: {
    /** 0: nobody can be asked. */
    readonly limitMs: number;
    isGone(doubt: Doubt): Promise<boolean>;
    prepare(): void;
  };
}

/** Makes a judge. */
export function createFaultJudge({ clock, stalls, network }: FaultJudgeParts): FaultJudge {
  return {
    prepareMs: network.limitMs,
    prepare: () => network.prepare(),
    async judge(fault, { startedMs, limitMs, waitMs, about }) {
      const doubt = { about, sinceMs: startedMs, waitMs };
      // That there is no route to one address may be all there is to it, or the beginning of more.
      if (fault.reason === "own_network") void network.isGone({ ...doubt, isRefused: true });
      if (fault.doubts === "none") return fault;
      const stalledMs = stalls.stalledBetween(startedMs, clock.monotonicMs());
      if (stalledMs > Math.max(leastMarginMs, limitMs * marginRatio)) {
        const spent = `Belfry's event loop stood still for ${Math.round(stalledMs)} ms`;
        return faultOf("internal", `${spent} (${fault.message})`, "none", fault.code);
      }
      if (fault.doubts === "stall" || !(await network.isGone(doubt))) return fault;
      const says = "nobody answers that answers when Belfry's own network works";
      return faultOf("own_network", `${says} (${fault.message})`, "none", fault.code);
    },
  };
}
