/**
 * Rules out Belfry itself before a fault is called the target's: did the event loop stand still meanwhile, and is
 * Belfry's own network there (do the anchors answer)?
 */
import type { Clock } from "../model/clock.ts";
import type { Anchors } from "./anchor.ts";
import { faultOf, type Fault } from "./fault.ts";

/** How long the event loop stood still between two instants (monotonic ms), in ms. */
export interface Stalls {
  stalledBetween(fromMs: number, toMs: number): number;
}

export interface FaultJudge {
  /** Gives back the fault, or the fault of Belfry's own behind it. Never rejects and adds no more than `waitMs`. */
  judge(fault: Fault, startedMs: number, limitMs: number, waitMs: number): Promise<Fault>;
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
  readonly anchors: Anchors;
}

/** Makes a judge. */
export function createFaultJudge({ clock, stalls, anchors }: FaultJudgeParts): FaultJudge {
  return {
    prepareMs: anchors.limitMs,
    prepare: () => void anchors.answer(),
    async judge(fault, startedMs, limitMs, waitMs) {
      if (fault.doubts === "none") return fault;
      const stalledMs = stalls.stalledBetween(startedMs, clock.monotonicMs());
      if (stalledMs > Math.max(leastMarginMs, limitMs * marginRatio)) {
        const spent = `Belfry's event loop stood still for ${Math.round(stalledMs)} ms`;
        return faultOf("internal", `${spent} (${fault.message})`, "none", fault.code);
      }
      if (fault.doubts === "stall" || anchors.limitMs === 0) return fault;
      if (await anchors.answerWithin(waitMs)) return fault;
      return faultOf("own_network", `no anchor answers (${fault.message})`, "none", fault.code);
    },
  };
}
