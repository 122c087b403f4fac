/**
 * Takes in events of runs. Each is read and answered for itself: one that does not fit never keeps the others out. All
 * that fit are stored together, and the answer comes when they are synced to disk. While too many wait for the store,
 * further ones are refused with `unavailable`: whoever sent them has kept them.
 */
import type { Problem } from "@belfry/contract";
import type { Clock } from "../model/clock.ts";
import type { TakenEvents, TakenVerdict } from "../model/job.ts";
import { AppError } from "../model/error.ts";
import type { RunEvent } from "../model/run.ts";
import { readEvent } from "./event-input.ts";

/** What became of one event. Paths of problems are within the event. */
export type EventVerdict =
  | { readonly kind: TakenVerdict; readonly event: RunEvent }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

export interface RunsParts {
  readonly clock: Clock;
  /** The hexadecimal SHA-256 of a text in UTF-8. */
  readonly sha256: (text: string) => string;
  readonly store: {
    takeEvents(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents>;
  };
}

/** Where events go in. */
export interface Runs {
  /** Resolves, in the order of the events, once everything taken is synced to disk. */
  take(events: readonly unknown[]): Promise<readonly EventVerdict[]>;
}

/** Events that may wait for the store: about a second of them. */
export const mostWaitingEvents = 20_000;

const nothing: TakenEvents = { verdicts: [], changed: [] };

/** Makes the intake. */
export function createRuns({ clock, sha256, store }: RunsParts): Runs {
  let waiting = 0;

  async function keep(events: readonly RunEvent[], receivedAt: number): Promise<TakenEvents> {
    if (waiting + events.length > mostWaitingEvents) {
      throw new AppError("unavailable", `${waiting} events wait to be stored`);
    }
    waiting += events.length;
    try {
      return await store.takeEvents(events, receivedAt);
    } finally {
      waiting -= events.length;
    }
  }

  return {
    async take(events) {
      const receivedAt = clock.now();
      const read = events.map((event) => readEvent(event, receivedAt, sha256));
      const fit = read.flatMap((one) => (one.kind === "ok" ? [one.value] : []));
      const taken = fit.length === 0 ? nothing : await keep(fit, receivedAt);
      const verdicts = taken.verdicts.values();
      return read.map((one): EventVerdict => {
        if (one.kind === "bad") return { kind: "refused", problems: one.problems };
        return { kind: verdicts.next().value ?? "taken", event: one.value };
      });
    },
  };
}
