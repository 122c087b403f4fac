/** Zooming and moving by steps: what a drag does, for keys and fingers. Spans in epoch ms. */
import type { Span } from "../route/route.ts";
import { leastSpanMs } from "./resolution.ts";

const mostMs = 3 * 365 * 86_400_000;

/** What can be done to a span. */
export type ZoomStep = "in" | "out" | "earlier" | "later";

/**
 * The span after a step: half as long or twice as long around the same middle, or moved by half its length. Nothing lies
 * beyond `now`: what would reach there ends there. Whole seconds. null where the step changes nothing.
 */
export function stepped(span: Span, step: ZoomStep, now: number): Span | null {
  const length = span.to - span.from;
  const wanted = { in: length / 2, out: length * 2, earlier: length, later: length }[step];
  const next = Math.min(Math.max(wanted, leastSpanMs), mostMs);
  const shift = { in: 0, out: 0, earlier: -length / 2, later: length / 2 }[step];
  const to = Math.min((span.from + span.to) / 2 + shift + next / 2, now);
  const found = { from: Math.round((to - next) / 1000) * 1000, to: Math.round(to / 1000) * 1000 };
  const isSame =
    Math.abs(found.from - span.from) < 1000 && Math.abs(found.to - span.to) < leastSpanMs / 5;
  return isSame ? null : found;
}
