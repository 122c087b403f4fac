/** What one check found. An outcome is a value: expected failures are never thrown. */
import type { DownReason, JsonObject, UnknownReason } from "@belfry/contract";

/** Numbers measured by a check, keyed by metric name with its labels, as listed in the kind's `metrics`. */
export type Measurements = Readonly<Record<string, number>>;

/** What a person needs to understand a failure: kept for the first failure in a row and shown with the incident. */
export type Evidence = JsonObject;

interface Found {
  /** Time from the start of the check to its end, in ms, monotonic. */
  readonly durationMs: number;
  /** Gauges for the series store and `/metrics`; phases are in seconds, as blackbox_exporter has them. */
  readonly measurements: Measurements;
  /** Numeric answer of the protocol where it has one (HTTP status), else null. */
  readonly statusCode: number | null;
  /** The certificate that ends first of those the target showed; left out where it showed none. */
  readonly certificate?: SeenCertificate;
}

/** A certificate as a check saw it. */
export interface SeenCertificate {
  /** SHA-256 of the whole of it, in hexadecimal digits. */
  readonly fingerprint: string;
  /** Whom it is for, on one line; of many names the first. */
  readonly name: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export interface UpOutcome extends Found {
  readonly result: "up";
  /** Days until the first certificate of the chain expires; null where there is none. */
  readonly certificateDays: number | null;
}

export interface DownOutcome extends Found {
  readonly result: "down";
  readonly reason: DownReason;
  /** One sentence: what was found and what was expected; no secrets. */
  readonly message: string;
  readonly evidence: Evidence;
}

export interface UnknownOutcome {
  readonly result: "unknown";
  readonly reason: UnknownReason;
  readonly message: string;
  readonly durationMs: number;
}

/** What a check found: the target is up, the target is down, or Belfry could not tell. */
export type Outcome = UpOutcome | DownOutcome | UnknownOutcome;
