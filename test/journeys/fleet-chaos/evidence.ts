/** What is known after processes of a fleet were hurt: what was done to them, what the target was asked, what was told. */

/** A monitor: its checks are due at `phaseMs + n × intervalMs`, epoch ms. */
export interface Watched {
  readonly id: string;
  readonly intervalMs: number;
  readonly phaseMs: number;
}

/** A request that arrived at the target. */
export interface Asked {
  readonly monitor: string;
  /** Which process asked. */
  readonly process: string;
  /** Epoch ms. */
  readonly at: number;
  /** It was answered with a failure. */
  readonly failed: boolean;
}

/** What is done to a process, or to the database they share. */
export const faultKinds = ["kill", "stop", "cut", "restart"] as const;
export type FaultKind = (typeof faultKinds)[number];

/**
 * `kill`: kill -9, `to` is when it was started again; `stop`: SIGSTOP until SIGCONT; `cut`: no way to the database;
 * `restart`: the database was away (`process` is null).
 */
export interface Fault {
  readonly kind: FaultKind;
  readonly process: string | null;
  readonly from: number;
  readonly to: number;
}

/** The target failed for one monitor. */
export interface Outage {
  readonly monitor: string;
  readonly from: number;
  readonly to: number;
}

/** One trouble of one monitor within an incident. */
export interface Trouble {
  readonly incident: string;
  readonly monitor: string;
  readonly since: number;
  /** When somebody knew of it. */
  readonly decidedAt: number;
  /** null: it is not over. */
  readonly until: number | null;
}

/** A notice as it arrived. */
export interface Told {
  readonly id: string;
  readonly kind: string;
  readonly incidents: readonly string[];
  readonly at: number;
}

/** A span in which a monitor was held for down. */
export interface HeldDown {
  readonly monitor: string;
  readonly from: number;
  /** null: it is not over. */
  readonly to: number | null;
}

/** A check whose outcome is stored. */
export interface Stored {
  readonly monitor: string;
  readonly at: number;
  readonly failed: boolean;
}

export interface Evidence {
  /** What is judged: slots that lie between these, epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly watched: readonly Watched[];
  readonly asked: readonly Asked[];
  readonly faults: readonly Fault[];
  readonly outages: readonly Outage[];
  readonly troubles: readonly Trouble[];
  readonly told: readonly Told[];
  readonly heldDown: readonly HeldDown[];
  readonly stored: readonly Stored[];
  /** Slots the processes say that nobody used: because of take-overs, and because they were late themselves. */
  readonly counted: { readonly takeOvers: number; readonly skipped: number };
}

/** How much is granted, ms. */
export interface Limits {
  /** From the beginning of a fault until its monitors are looked after again. */
  readonly takeOverMs: number;
  /** How late a check may be at the target, and how far apart its time there and its stored time may be. */
  readonly lateMs: number;
  /** What is over so soon after somebody knew of it need not be told. */
  readonly heldBackMs: number;
}

export interface Verdict {
  /** Empty: everything held. */
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}
