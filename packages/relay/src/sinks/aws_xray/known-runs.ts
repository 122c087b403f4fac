/**
 * What is kept in mind of runs, so that segments are a little better than their events alone make them. Nothing depends on it:
 * after a restart a segment's start is computed from its duration, and a run without a trace takes its parent for the root.
 */
import type { JobEvent } from "@belfry/contract";
import { traceIdOfRoot, traceIdOfW3c } from "./ids.ts";

export interface KnownRun {
  readonly traceId: string;
  /** When it started, epoch ms; undefined while that was not heard. */
  readonly startedAt: number | undefined;
  readonly hasEnded: boolean;
}

export interface KnownRuns {
  /** Notes an event and says what is known of its run. */
  note(event: JobEvent): KnownRun;
}

/** About 2 MB. */
const mostRuns = 10_000;

/** Makes it; the runs that were not heard of for longest are forgotten. */
export function createKnownRuns(most = mostRuns): KnownRuns {
  const runs = new Map<string, KnownRun>();

  function traceOf({ entity, trace }: JobEvent, before: KnownRun | undefined): string {
    if (trace !== undefined) return traceIdOfW3c(trace.trace_id);
    if (before !== undefined) return before.traceId;
    if (entity.parent_id === null) return traceIdOfRoot(entity.id);
    return runs.get(entity.parent_id)?.traceId ?? traceIdOfRoot(entity.parent_id);
  }

  return {
    note(event) {
      const { id } = event.entity;
      const { kind, at } = event.event;
      const before = runs.get(id);
      const startedAt = kind === "started" ? Date.parse(at) : before?.startedAt;
      const hasEnded = before?.hasEnded === true || isEnd(event);
      const run = { traceId: traceOf(event, before), startedAt, hasEnded };
      runs.delete(id);
      runs.set(id, run);
      if (runs.size > most) {
        for (const oldest of runs.keys()) {
          runs.delete(oldest);
          break;
        }
      }
      return run;
    },
  };
}

/** Whether an event ends its run. */
export function isEnd({ event: { kind } }: JobEvent): boolean {
  return kind === "finished" || kind === "error" || kind === "canceled";
}
