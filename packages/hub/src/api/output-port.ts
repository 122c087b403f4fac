/** The port of the outputs. */

/** Of the outputs: results waiting, handed over, and failed to be handed over. */
export interface OutputStats {
  readonly waiting: number;
  readonly handedOver: number;
  readonly failed: number;
}

/** How one output is doing. Times are epoch ms; counters since the start. */
export interface OutputStatus {
  readonly name: string;
  readonly type: string;
  readonly title: string;
  readonly trouble: {
    readonly failure: "poison" | "outage" | "throttled" | "misconfigured" | "defect" | "disk";
    readonly why: string;
    readonly since: number;
  } | null;
  readonly delivered: number;
  /** Attempts of single records that failed, by class. */
  readonly failed: Readonly<Record<string, number>>;
  /** Records that wait on disk, their bytes, and the age of the oldest. */
  readonly depth: number;
  readonly bytes: number;
  readonly oldestSeconds: number;
  readonly dropped: number;
  readonly deadLetters: number;
  readonly oldestDeadLetterAt: number | null;
}

/** A record that an output refused for good. */
export interface DeadLetter {
  readonly sequence: number;
  readonly id: string;
  readonly why: string;
  readonly attempts: number;
  readonly at: number;
  /** The record as JSON. */
  readonly bytes: Uint8Array;
}

/** Where the hub hands on what it learns. Names that are not there answer undefined. */
export interface Outputs {
  counts(): OutputStats;
  status(): {
    readonly outputs: readonly OutputStatus[];
    readonly spool: {
      readonly bytes: number;
      readonly quotaBytes: number;
      readonly records: number;
      readonly failure: { readonly message: string } | null;
    } | null;
  };
  deadLetters(
    name: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly DeadLetter[] | undefined>;
  replay(name: string, which: "all" | readonly number[]): Promise<number | undefined>;
  deleteDead(name: string, which: "all" | readonly number[]): Promise<number | undefined>;
}
