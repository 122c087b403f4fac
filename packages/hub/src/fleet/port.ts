/** What the parts of a process ask of the fleet it belongs to. A process alone on its database holds everything. */
import type { Duty, FleetProcess, HintTopic, Member, Renewal } from "../model/fleet.ts";
import type { MonitorId } from "../model/id.ts";

/** Which monitor is meant: hosts and heartbeats are `hear`, what is checked is `check`. */
export interface Share {
  readonly kind: "check" | "hear";
  readonly id: MonitorId;
}

export interface Fleet extends AsyncDisposable {
  /** undefined where there is no fleet: the database is SQLite, which one process owns. */
  readonly process: FleetProcess | undefined;
  /** What the last renewal of its lease came to; undefined before the first, and where there is no fleet. */
  readonly last: Renewal | undefined;
  /** Whether this process looks after a monitor at present. Beyond its lease it looks after nothing. */
  holds(share: Share): boolean;
  /** Whether this process does something for all at present. */
  hasDuty(duty: Duty): boolean;
  /** Tells other processes to look at once; many calls within a moment are one. */
  hint(...topics: readonly HintTopic[]): void;
  /**
   * Calls `listener` when another process said that something of these topics changed, and every few seconds where nobody
   * can be heard (LISTEN does not work, the connection broke). Calls of one listener do not overlap: what comes while its
   * promise is pending is one more call afterwards. A listener that rejects is called again with the next hint.
   */
  onHint(topics: readonly HintTopic[], listener: () => Promise<void> | void): void;
  /** `ok`, or why this process looks after nothing at present, in words for a person. */
  state(): string;
  /** Everybody in the fleet; empty where there is none. */
  members(): Promise<readonly Member[]>;
}

/** The fleet of a process that is alone. */
export function createSoloFleet(): Fleet {
  return {
    process: undefined,
    last: undefined,
    holds: () => true,
    hasDuty: () => true,
    hint: () => undefined,
    onHint: () => undefined,
    state: () => "ok",
    members: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
