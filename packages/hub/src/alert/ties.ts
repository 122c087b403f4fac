/** What subjects share: how failures that begin together are found to have one cause. */
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
