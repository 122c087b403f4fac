/**
 * The agent as a part: collects at its paces and hands every sample to whoever wants it. `belfry agent` serves and sends
 * them; in `belfry up` the hub takes them in directly.
 */
import type { HostDetails } from "@belfry/contract";
import type { CollectorSettings } from "./collect/collector.ts";
import type { Sample } from "./sample/series-table.ts";

export interface AgentSettings extends CollectorSettings {
  /** Ms between samples of the core: 1,000 to 3,600,000. */
  readonly intervalMs: number;
}

export interface AgentParts {
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Told of every sample, right after it was taken. Must not throw. */
  readonly onSample?: (sample: Sample) => void;
}

/** A host that is being watched. */
export interface Agent extends AsyncDisposable {
  /** The newest sample; null until the first was taken. */
  readonly latest: Sample | null;
  /** What is known beside numbers; the same object until something changes. */
  readonly details: HostDetails;
  /** How the collectors do. */
  readonly collectors: readonly CollectorState[];
}

export interface CollectorState {
  readonly name: string;
  /** Ms the latest round took. */
  readonly elapsedMs: number;
  /** What went wrong in the latest round; null when it went well. */
  readonly fault: string | null;
  /** Failed rounds since the start. */
  readonly faults: number;
}
