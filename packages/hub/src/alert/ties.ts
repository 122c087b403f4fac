/** What subjects share: how failures that begin together are found to have one cause. */
import type { MonitorId } from "../model/id.ts";
import type { Subject } from "../model/incident.ts";

/**
 * Something that others may have in common with a subject. Those who depend on a monitor have the tie `monitor:<id>`, those
 * on a host `host:<id>`; the monitor and the host themselves have it too.
 */
export interface Tie {
  readonly kind: "depends_on" | "host" | "address" | "group" | "certificate" | "network";
  /** Equal for everybody who shares it. */
  readonly key: string;
  /** What they share, as the cause is named: the monitor, the host, or an address, a group, a network. */
  readonly cause: Subject;
  /** `the same host` */
  readonly why: string;
}

/** Others that may fail for the same cause, being checked at once. */
export interface Siblings {
  /** Fulfilled when all of them answered or not, and what was decided of it is stored. Never rejects. */
  readonly settled: Promise<void>;
  /** Those that did not answer as they should, or not yet, whether or not that is certain already. */
  failing(): readonly MonitorId[];
}
