/**
 * The port between the relay's delivery and the destinations of records. The kinds of sinks there are come in as an
 * argument (`runSidecarProcess`), so that delivery knows none of them.
 */
import type { Parsed } from "@belfry/contract";
import type { TSchema } from "typebox";
import type { SinkRecord, SinkRecordKind } from "./sink-record.ts";

/**
 * What became of one record. `refused`: it will never be taken, and goes to the dead letters with `why`. `retry`: the
 * destination is away or busy; after `afterMs` where it said so. `misconfigured`: nothing will be taken until somebody
 * changes a setting (a wrong key, a missing index); records are kept. Texts hold no secrets.
 */
export type RecordDelivery =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  | { readonly kind: "misconfigured"; readonly why: string };

/** How a destination is, as far as the sink can tell without sending anything. */
export interface EventSinkHealth {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly details: Readonly<Record<string, unknown>>;
}

export interface EventSink extends AsyncDisposable {
  /**
   * Hands over a batch, oldest first. Answers one delivery for each record, in order; what is `sent` is in the
   * destination for good. Calls never overlap. Ends soon after the signal. Throws only for its own defects.
   */
  deliver(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly RecordDelivery[]>;
  health(signal: AbortSignal): Promise<EventSinkHealth>;
}

export interface EventSinkParts {
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Where the console sink writes. */
  readonly stdout: NodeJS.WritableStream;
}

export interface EventSinkKind {
  /** As in configuration: `csv`, `webhook`. */
  readonly type: string;
  readonly title: string;
  /** JSON Schema of its settings, with titles, units and defaults. */
  readonly schema: TSchema;
  /** Names of settings that are never shown. */
  readonly secrets: readonly string[];
  /** Records it has a place for; others pass it by. */
  readonly takes: readonly SinkRecordKind[];
  /** Largest batch it takes. */
  readonly batch: { readonly maxEvents: number; readonly maxBytes: number };
  /** Checks settings; problems are named by their path. */
  parseSettings(settings: unknown, at?: string): Parsed<object>;
  /** `settings` as `parseSettings` gave them. Opens nothing that can fail: that is `deliver`'s to tell. */
  create(settings: object, parts: EventSinkParts): EventSink;
}
