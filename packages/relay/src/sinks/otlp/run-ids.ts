/**
 * Trace and span ids of runs. A run that tells its trace keeps it. Otherwise both are hashes of what names the run, the
 * trace's of its parent's id where it has one: a job and its subjobs are one trace, and another delivery has the same ids.
 *
 * The parent's span of a run that tells its trace is what the parent told of itself, which is remembered of the last 10,000
 * runs: after a restart in between, such a run is still in the trace, but at its top.
 */
import { createHash } from "node:crypto";
import type { JobEvent } from "@belfry/contract";

export interface RunIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
}

export interface RunIdSource {
  /** Ids of the run that an event is of; what the event tells is remembered for its subjobs. */
  idsOf(event: JobEvent): RunIds;
}

const mostRuns = 10_000;

/** Makes one; it remembers `limit` runs. */
export function createRunIds(limit = mostRuns): RunIdSource {
  const told = new Map<string, string>();
  return {
    idsOf(event) {
      const { entity, trace } = event;
      const parent = entity.parent_id;
      if (trace === undefined) {
        const ids = {
          traceId: hashOf(event, "trace", parent ?? entity.id, 32),
          spanId: hashOf(event, "span", entity.id, 16),
        };
        if (parent === null) return ids;
        return { ...ids, parentSpanId: hashOf(event, "span", parent, 16) };
      }
      const { trace_id: traceId, span_id: spanId } = trace;
      const own = keyOf(event, entity.id);
      told.delete(own);
      told.set(own, spanId);
      for (const key of told.keys()) {
        if (told.size <= limit) break;
        told.delete(key);
      }
      const parentSpanId = parent === null ? undefined : told.get(keyOf(event, parent));
      if (parentSpanId === undefined || parentSpanId === spanId) return { traceId, spanId };
      return { traceId, spanId, parentSpanId };
    },
  };
}

function keyOf({ site_id: site, app }: JobEvent, runId: string): string {
  return JSON.stringify([site, app.name, runId]);
}

/** An id of so many digits; never all zero, which is none. */
function hashOf(event: JobEvent, what: string, runId: string, digits: number): string {
  const hash = createHash("sha256")
    .update(`${what}\n${keyOf(event, runId)}`)
    .digest("hex");
  const id = hash.slice(0, digits);
  return /^0+$/.test(id) ? id.replace(/0$/, "1") : id;
}
