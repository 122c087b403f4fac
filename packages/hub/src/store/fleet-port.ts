/**
 * What several processes on one PostgreSQL ask of it to share their work. On SQLite there is one process, and nobody
 * asks. Times are epoch ms of the database's clock.
 */
import type {
  FleetProcess,
  HintTopic,
  Member,
  ProcessFigures,
  ProcessId,
  Renewal,
  ShareName,
  Shown,
} from "../model/fleet.ts";
import type { MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";

export interface FleetStore {
  /** Takes a process in; its first renewal is due at once. */
  joinFleet(process: FleetProcess): Promise<void>;
  /**
   * Renews the lease of a process for `leaseMs`, takes others whose lease ended for dead, and takes free shares up to
   * what is fair. Where the database itself began less than `leaseMs` ago nobody is taken for dead.
   */
  renewLease(renewal: {
    readonly id: ProcessId;
    readonly leaseMs: number;
    readonly figures: ProcessFigures;
  }): Promise<Renewal>;
  /**
   * Gives shares up. Whoever does has begun nothing of what they are about for `idleMs` (0), and has stored what was
   * decided: slots that began since then are free for whoever takes them.
   */
  releaseShares(id: ProcessId, names: readonly ShareName[], idleMs?: number): Promise<void>;
  /** Ends a process in order: its shares are free at once, and were idle for `idleMs` (0). */
  leaveFleet(id: ProcessId, idleMs?: number): Promise<void>;
  /** Those that live, and those that lapsed or left within the last hour; by kind, then name. */
  members(): Promise<readonly Member[]>;

  /** Ids and versions of all monitors, those of hosts included. */
  monitorVersions(): Promise<ReadonlyMap<MonitorId, number>>;
  /** Those of the monitors that exist, with their judge states. */
  monitorsOf(
    ids: readonly MonitorId[],
  ): Promise<readonly { readonly monitor: Monitor; readonly state: JudgeState | undefined }[]>;
  /**
   * What was committed about monitors since `since` (what `now` was in the answer before; null: everything), now and then
   * also some of what was there before. `now` is not a time: the next look begins there.
   */
  shownSince(
    since: number | null,
  ): Promise<{ readonly now: number; readonly shown: readonly Shown[] }>;
  /** The same of these monitors; those that were never checked are left out. */
  shownOf(ids: readonly MonitorId[]): Promise<readonly Shown[]>;
  /** Ends what is known of monitors at an instant each: from there to their next check nothing is (`not_running`). */
  endKnown(items: readonly { readonly id: MonitorId; readonly at: number }[]): Promise<void>;
  /** Asks whoever looks after these monitors to check them now. */
  requestChecks(ids: readonly MonitorId[]): Promise<void>;
  /** Hands out requests about these monitors; they are gone then, as are all that are older than a minute. */
  takeRequests(ids: readonly MonitorId[]): Promise<readonly MonitorId[]>;

  /**
   * Notes when monitors that are waited for were heard; of hosts also what other hubs show of them (JSON), which stays as
   * it is where it is absent. The instant that is kept grows with every note, whatever the clocks of those who note say.
   */
  noteHeard(
    items: readonly { readonly id: MonitorId; readonly at: number; readonly shown?: string }[],
  ): Promise<void>;
  /** Those heard since `since` (as with `shownSince`). */
  heardSince(since: number | null): Promise<{
    readonly now: number;
    readonly heard: readonly {
      readonly id: MonitorId;
      readonly at: number;
      readonly shown: string | null;
    }[];
  }>;

  /** Tells other processes to look at once. Best effort: whoever misses it looks a little later. */
  hint(topics: readonly HintTopic[]): Promise<void>;
  /** Told of hints of others. `lost`: nobody can be heard from now on; `heard`: others are heard, from now on (again). */
  onHint(listener: (topics: readonly HintTopic[] | "lost" | "heard") => void): void;
}
