/**
 * What an agent sends: the samples of one host at one or more instants, as bytes. The format is on the page
 * `sample-batch.md` beside this file. Pure: compression is the caller's (zstd, said in `content-encoding`).
 */
import type { HostDetails } from "./host-details.ts";

/** Content type of an encoded batch. */
export const sampleBatchType = "application/vnd.belfry.sample-batch";

/** A series as it travels: metric name and labels. */
export interface BatchSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Who sends. Everything but `machine_id` may change from one batch to the next. */
export interface BatchHost {
  /** Stable over reboots and changes of name; 1 to 128 characters. */
  readonly machine_id: string;
  /** Changes with every boot: two at the same time mean a cloned machine. */
  readonly boot_id: string;
  /** The host name as it is now, 1 to 253 characters. */
  readonly name: string;
  /** Version of the agent. */
  readonly version: string;
  /** Seconds between samples. */
  readonly interval: number;
  readonly labels: Readonly<Record<string, string>>;
  /** When it was sent by the host's clock, epoch ms; the hub tells from it how far that clock is off. */
  readonly sent_at: number;
}

export interface SampleBatch {
  readonly host: BatchHost;
  /** Names the list of series: the same list always has the same hash. 32 hexadecimal digits. */
  readonly seriesHash: string;
  /** null: the receiver was sent the list before; it answers 409 `unknown_series` when it has forgotten it. */
  readonly series: readonly BatchSeries[] | null;
  /** Number of series, also where the list itself is left out. */
  readonly seriesCount: number;
  /** Epoch ms, ascending, without repeats. */
  readonly times: Float64Array;
  /** `values[s * times.length + t]` belongs to series `s` at `times[t]`. */
  readonly values: Float64Array;
  /** Same layout, 0 where a series has no sample; absent: every series has one at every time. */
  readonly present?: Uint8Array;
  /** The latest details; null when they are as they were sent last. */
  readonly details: HostDetails | null;
}
