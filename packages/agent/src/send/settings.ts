/** What the sender is given, and what it tells. */
import type { BatchHost } from "@belfry/contract";
import type { Counted, FailureKind } from "./answer.ts";
import type { HubClient } from "./hub-client.ts";
import type { SpoolSettings } from "./spool.ts";
import type { After } from "./timer.ts";

export interface SenderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface SenderClock {
  /** Epoch ms. */
  readonly now: () => number;
  /** Ms that only go forward. */
  readonly monotonicMs: () => number;
}

/** Settings of the way to one hub. */
export interface HubSenderSettings {
  /** The hub's address without anything secret. */
  readonly shownUrl: string;
  readonly intervalMs: number;
  readonly sendEveryMs: number;
  readonly spool: SpoolSettings;
  /** Where refused batches are kept; null: nowhere. */
  readonly refusedFolder: string | null;
  readonly host: () => Omit<BatchHost, "sent_at">;
}

export interface HubSenderParts {
  readonly client: Pick<HubClient, "post"> & Disposable;
  /** Compresses with zstd. */
  readonly pack: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly clock: SenderClock;
  readonly log: SenderLog;
  /** 0 to 1. */
  readonly random: () => number;
  readonly after: After;
}

/** How sending to one hub goes. */
export interface HubStats {
  readonly url: string;
  /** Samples the hub has acknowledged; one sent twice counts twice. */
  readonly sent: number;
  /** Requests that failed, by what they failed of. */
  readonly failed: Readonly<Record<FailureKind, number>>;
  /** Samples the hub refused for good. */
  readonly refused: number;
  /** Samples kept until the hub takes them. */
  readonly spooled: number;
  /** Of them those that are in memory only: there is no disk, or it fails. */
  readonly spooledInMemory: number;
  readonly spooledBytes: number;
  /** Samples that are to be sent next; they were never kept. */
  readonly fresh: number;
  /** Whether a request with fresh samples is under way. */
  readonly isSending: boolean;
  /** Age of the oldest kept sample in seconds; null: none is kept. */
  readonly oldestAgeSeconds: number | null;
  /** Samples given up because there was no more room. */
  readonly dropped: number;
  /** Damaged pieces found in the files of kept samples. */
  readonly damaged: number;
  /** What is wrong with the disk; null: nothing. */
  readonly diskFault: string | null;
  /** `at` is epoch ms. */
  readonly lastError: {
    readonly at: number;
    readonly kind: FailureKind;
    readonly message: string;
  } | null;
  readonly lastAnswer: ({ readonly at: number } & Counted) | null;
}
