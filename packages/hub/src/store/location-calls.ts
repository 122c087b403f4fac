/** The store's side of monitors that are checked from several locations. Times are epoch ms. */
import type { AuditEntry } from "../model/access.ts";
import type { Change, CommitResult } from "../model/change.ts";
import type { MonitorId } from "../model/id.ts";
import type {
  LocationInterval,
  LocationOutcome,
  LocationsJudged,
  LocationWork,
  RemoteWorker,
  TakenOutcomes,
  WorkerId,
} from "../model/location.ts";
import type { TimeRange } from "../model/series.ts";
import type { CallByName } from "./alert-setting-calls.ts";

/** Monitors that are checked from several locations, and who checks them elsewhere. */
export interface LocationStore {
  /** Takes outcomes in to be judged, each slot of a monitor and location once. Resolves once they are durable. */
  takeOutcomes(outcomes: readonly LocationOutcome[], now: number): Promise<TakenOutcomes>;
  /** Monitors of which outcomes wait, ascending by id, at most `limit`. */
  monitorsWithOutcomes(limit: number): Promise<readonly MonitorId[]>;
  /** What there is to judge of these monitors: in the order of `ids`, at most `limit` outcomes in all. */
  locationWork(ids: readonly MonitorId[], limit: number): Promise<readonly LocationWork[]>;
  /**
   * `MonitorStore.commit` together with what was judged of locations. Of a monitor that was changed meanwhile nothing is
   * written, and its outcomes wait on; answers of which monitors something was.
   */
  commitLocations(
    change: Change,
    judged: readonly LocationsJudged[],
  ): Promise<{ readonly result: CommitResult; readonly written: readonly MonitorId[] }>;
  /** Intervals of the locations of a monitor that overlap the range; by location, then time. */
  locationIntervals(id: MonitorId, range: TimeRange): Promise<readonly LocationInterval[]>;

  /** Takes a worker in, or replaces what was known of it. */
  saveWorker(worker: RemoteWorker, audit: AuditEntry): Promise<void>;
  /** Notes that a worker was heard; false: it is not known. */
  touchWorker(
    id: WorkerId,
    figures: Pick<RemoteWorker, "seenAt" | "waiting" | "dropped" | "clockOffsetMs">,
  ): Promise<boolean>;
  /** Workers heard since then; by location, then id. */
  remoteWorkers(since: number): Promise<readonly RemoteWorker[]>;
}

/** Makes the calls; those that read go to another thread than those that write. */
export function locationCalls(
  reads: CallByName,
  writes: CallByName,
): Omit<LocationStore, "commitLocations"> {
  return {
    takeOutcomes: writes("takeOutcomes"),
    monitorsWithOutcomes: reads("monitorsWithOutcomes"),
    locationWork: reads("locationWork"),
    locationIntervals: reads("locationIntervals"),
    saveWorker: writes("saveWorker"),
    touchWorker: writes("touchWorker"),
    remoteWorkers: reads("remoteWorkers"),
  };
}
