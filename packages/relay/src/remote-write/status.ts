/** How remote write is doing. Counters count since the start. */
import type { RefusalKind } from "./answer.ts";

export interface DestinationStatus {
  readonly name: string;
  /** Samples its receiver took. */
  readonly sent: number;
  /** Bytes of their requests, compressed. */
  readonly sentBytes: number;
  /** Requests, those that failed included. */
  readonly requests: number;
  /** Samples given up: by the receiver's answer, or `lost`: for the quota, or with a damaged piece of the spool. */
  readonly dropped: Readonly<Record<RefusalKind | "lost", number>>;
  /** Samples of attempts that failed, by why. */
  readonly failed: Readonly<Record<TroubleKind | "poison", number>>;
  /** Samples that wait on disk, their bytes there, and the age of the oldest, s. */
  readonly pending: number;
  readonly pendingBytes: number;
  readonly oldestSeconds: number;
  /** Bytes of labels in memory. */
  readonly labelBytes: number;
  /** The trouble it is in; null while it works. `since` is epoch ms. */
  readonly trouble: {
    readonly failure: TroubleKind;
    readonly why: string;
    readonly since: number;
  } | null;
}

/** Why nothing is taken. */
export type TroubleKind = "outage" | "throttled" | "misconfigured" | "defect" | "disk";

export interface RemoteWriteStatus {
  readonly destinations: readonly DestinationStatus[];
  /** null without destinations, and before the spool is open. */
  readonly spool: {
    readonly bytes: number;
    readonly quotaBytes: number;
    readonly records: number;
    /** Bytes of the books. */
    readonly labelBytes: number;
    /** Why nothing can be stored. */
    readonly failure: { readonly message: string } | null;
  } | null;
  /** Samples on their way to the spool: that wait, were handed in, and were left out because it took too few. */
  readonly intake: {
    readonly waiting: number;
    readonly taken: number;
    readonly dropped: number;
  };
}
