/** The ports of workers elsewhere and of monitors that are checked from several locations. */
import type { AuditEntry } from "../model/access.ts";
import type { MonitorId } from "../model/id.ts";
import type {
  LocationInterval,
  LocationOutcome,
  LocationWork,
  RemoteWorker,
  TakenOutcomes,
  WorkerId,
} from "../model/location.ts";
import type { TimeRange } from "../model/series.ts";

/** What is kept of locations and workers. */
export interface LocationReads {
  locationWork(ids: readonly MonitorId[], limit: number): Promise<readonly LocationWork[]>;
  locationIntervals(id: MonitorId, range: TimeRange): Promise<readonly LocationInterval[]>;
  saveWorker(worker: RemoteWorker, audit: AuditEntry): Promise<void>;
  /** false: it is not known. */
  touchWorker(
    id: WorkerId,
    figures: Pick<RemoteWorker, "seenAt" | "waiting" | "dropped" | "clockOffsetMs">,
  ): Promise<boolean>;
  remoteWorkers(since: number): Promise<readonly RemoteWorker[]>;
}

/** Where what workers found goes in. */
export interface OutcomeIntake {
  /** Resolves once it is synced to disk. */
  take(outcomes: readonly LocationOutcome[]): Promise<TakenOutcomes>;
}
