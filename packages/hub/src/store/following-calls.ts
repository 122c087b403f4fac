/**
 * What hubs on one PostgreSQL ask of it to follow what others took in: calls of heartbeats, runs and their events. Every
 * look answers with `next`, where the following one begins; null begins at everything. A look may give again what the one
 * before gave. On SQLite there is one hub, nobody asks, and whoever does is refused with `internal`.
 */
import type { LastCheck } from "../model/board.ts";
import type { StatusChange } from "../model/change.ts";
import type { AuditEntry } from "../model/access.ts";
import type { HeartbeatState, KeptHeartbeat, KeptPing } from "../model/heartbeat.ts";
import type { Span } from "../model/heartbeat-outcome.ts";
import type { MonitorId } from "../model/id.ts";
import type { ChangedRun, JobId, RunRowId } from "../model/job.ts";
import type { Monitor } from "../model/monitor.ts";
import type { RunEvent } from "../model/run.ts";
import type { CallByName } from "./alert-setting-calls.ts";

/** A heartbeat as its calls left it. */
export interface HeartbeatCalls {
  readonly id: MonitorId;
  /** undefined: it was never called. */
  readonly state: HeartbeatState | undefined;
  /** What was judged of it last by whichever hub; null: nothing. */
  readonly judged: LastCheck | null;
  /** The number of the call after which `calls` begin. */
  readonly after: number;
  /** Ascending by their numbers, of which some are missing where so many came that they are not kept. */
  readonly calls: readonly KeptPing[];
}

/** An event of a run as it was stored, and by which transaction. */
export interface FollowedEvent {
  readonly event: Pick<
    RunEvent,
    "key" | "siteId" | "type" | "runId" | "kind" | "at" | "status" | "metrics" | "metadata"
  >;
  readonly rowId: RunRowId;
  readonly changedIn: number;
}

export interface FollowingStore {
  /**
   * Notes whether a hub can be called. Answers when none could last (epoch ms of the database's clock): that lasts until now
   * while none can, and is kept by whoever is the first to be able to again. null: it never was so.
   */
  noteListening(isListening: boolean): Promise<Span | null>;
  /** Heartbeats that were called or excused since. */
  calledSince(since: number | null): Promise<{
    readonly next: number;
    readonly called: readonly KeptHeartbeat[];
  }>;
  /** Calls after a number each, or after the last one that was judged; monitors that are gone are left out. */
  callsOf(
    wanted: readonly { readonly id: MonitorId; readonly after: number | "judged" }[],
  ): Promise<readonly HeartbeatCalls[]>;
  /**
   * Makes a heartbeat as `createMonitor` does, unless there is one whose slug was set to the same: answers which it is. Also
   * on SQLite.
   */
  provisionHeartbeat(monitor: Monitor, status: StatusChange, audit: AuditEntry): Promise<MonitorId>;
  /** Runs that changed since, and by which transaction; none where it is asked from null. */
  runsChangedSince(since: number | null): Promise<{
    readonly next: number;
    readonly changed: readonly (ChangedRun & { readonly changedIn: number })[];
  }>;
  /** Events of these runs that were stored since, in the order in which they were received. */
  eventsStoredSince(ids: readonly RunRowId[], since: number): Promise<readonly FollowedEvent[]>;
  /**
   * Jobs that people changed or deleted: entries of the audit after the sequence `after` and the last `overlap` before it,
   * since they do not become visible in their order; null: where the audit ends. `last` is where it ends now.
   */
  jobEdits(
    after: number | null,
    overlap: number,
  ): Promise<{
    readonly last: number;
    readonly edits: readonly { readonly sequence: number; readonly id: JobId }[];
  }>;
}

/** Makes the calls; those that read go to another thread than those that write. */
export function followingCalls(reads: CallByName, writes: CallByName): FollowingStore {
  return {
    noteListening: writes("noteListening"),
    calledSince: reads("calledSince"),
    callsOf: reads("callsOf"),
    provisionHeartbeat: writes("provisionHeartbeat"),
    runsChangedSince: reads("runsChangedSince"),
    eventsStoredSince: reads("eventsStoredSince"),
    jobEdits: reads("jobEdits"),
  };
}
