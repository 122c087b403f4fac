/**
 * Takes in events of runs. Each is read and answered for itself: one that does not fit never keeps the others out. All
 * that fit are stored together, and the answer comes when they are synced to disk. While too many wait for the store,
 * further ones are refused with `unavailable`: whoever sent them has kept them.
 */
import type { Problem } from "@belfry/contract";
import type { Clock } from "../model/clock.ts";
import type { ChangedRun, TakenEvents, TakenVerdict } from "../model/job.ts";
import { AppError } from "../model/error.ts";
import type { RunEvent } from "../model/run.ts";
import { readEvent } from "./event-input.ts";

/** What became of one event. Paths of problems are within the event. */
export type EventVerdict =
  | { readonly kind: TakenVerdict; readonly event: RunEvent }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/** What was stored of one request. */
export interface StoredEvents {
  /** Those that were new, in the order they came. */
  readonly events: readonly RunEvent[];
  /** When they came, epoch ms. */
  readonly receivedAt: number;
  /** The runs they changed. */
  readonly changed: readonly ChangedRun[];
  /** Alerting has signals to consume. */
  readonly rang: boolean;
}

/** What becomes of events, as it is counted; `unstored`: the store could not take them, whoever sent them keeps them. */
export type EventResult = TakenVerdict | "refused" | "unstored";

export interface RunsParts {
  readonly clock: Clock;
  /** The hexadecimal SHA-256 of a text in UTF-8. */
  readonly sha256: (text: string) => string;
  readonly store: {
    takeEvents(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents>;
  };
  /** Told of what was stored, before it is answered. Must not throw. */
  readonly onStored: (stored: StoredEvents) => void;
  readonly onCounted: (result: EventResult, events: number) => void;
}

/** Where events go in. */
export interface Runs {
  /** Resolves, in the order of the events, once everything taken is synced to disk. */
  take(events: readonly unknown[]): Promise<readonly EventVerdict[]>;
  /** Events that wait for the store, how long the oldest has, and how many were turned away because there were too many. */
  readonly queue: { readonly depth: number; readonly ageSeconds: number; readonly dropped: number };
}

/** Events that may wait for the store: about a second of them. */
export const mostWaitingEvents = 20_000;

const nothing: TakenEvents = { verdicts: [], changed: [], rang: false, frames: [] };

/** Makes the intake. */
export function createRuns({ clock, sha256, store, onStored, onCounted }: RunsParts): Runs {
  let depth = 0;
  let dropped = 0;
  /** When each request that waits for the store came, monotonic ms; the oldest first. */
  const waiting = new Set<{ readonly sinceMs: number }>();

  async function keep(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents> {
    if (depth + events.length > mostWaitingEvents) {
      dropped += events.length;
      throw new AppError("unavailable", `${depth} events wait to be stored`);
    }
    const entry = { sinceMs: clock.monotonicMs() };
    waiting.add(entry);
    depth += events.length;
    try {
      return await store.takeEvents(events, receivedAt);
    } finally {
      waiting.delete(entry);
      depth -= events.length;
    }
  }

  async function storeAll(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents> {
    if (events.length === 0) return nothing;
    try {
      return await keep(events, receivedAt);
    } catch (error) {
      onCounted("unstored", events.length);
      throw error;
    }
  }

  return {
    get queue() {
      const [oldest] = waiting;
      const ageSeconds = oldest === undefined ? 0 : (clock.monotonicMs() - oldest.sinceMs) / 1000;
      return { depth, ageSeconds, dropped };
    },
    async take(events) {
      const receivedAt = clock.now();
      const read = events.map((event) => readEvent(event, receivedAt, sha256));
      const fit = read.flatMap((one) => (one.kind === "ok" ? [one.value] : []));
      const { verdicts, changed, rang } = await storeAll(fit, receivedAt);
      const fresh = fit.filter((_, index) => verdicts[index] === "taken");
      onCounted("refused", read.length - fit.length);
      onCounted("duplicate", fit.length - fresh.length);
      onCounted("taken", fresh.length);
      if (fresh.length > 0) onStored({ events: fresh, receivedAt, changed, rang });
      const each = verdicts.values();
      return read.map((one): EventVerdict => {
        if (one.kind === "bad") return { kind: "refused", problems: one.problems };
        return { kind: each.next().value ?? "taken", event: one.value };
      });
    },
  };
}
