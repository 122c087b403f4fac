/**
 * A host as the stages see it. Whether it is heard from is followed by a monitor of the kind `host` with the same id,
 * so that its silence is judged, shown, kept and rung like any other outage: name, labels, `enabled`, the deadline
 * (`intervalMs` of that monitor) and the status are the monitor's, and only what the monitor does not have is here.
 */
import type { HostDetails } from "@belfry/contract";
import type { HostId } from "./id.ts";

/** The kind of the monitor that follows a host. */
export const hostKind = "host";

export interface Host {
  readonly id: HostId;
  /**
   * What it is known again by: `machine:<id>`, of a machine that shares its id with another `machine:<id>/<name>`, of
   * one that only ever posted as the Monitoring Stack's clients do `name:<name>`.
   */
  readonly identity: string;
  /** Names it was heard under, the present one first. A name belongs to one host at a time. */
  readonly names: readonly string[];
  readonly bootId: string | null;
  /** null: it posts as the Monitoring Stack's clients do. */
  readonly agentVersion: string | null;
  /** Ms between samples, as the agent says or as they came. */
  readonly intervalMs: number | null;
  /** Labels the agent sends; labels people set on the monitor go before them. */
  readonly agentLabels: Readonly<Record<string, string>>;
  /** Whether people chose the name; else it follows the host's own. */
  readonly nameIsChosen: boolean;
  /** Ms; null: three intervals, at least 30 s. */
  readonly silentAfterMs: number | null;
  /** How long its samples are kept, in ms; null: as all others. */
  readonly retentionMs: number | null;
  /** Another machine with the same machine id. */
  readonly clonedFrom: HostId | null;
  /** Epoch ms; written at most once a minute. */
  readonly lastHeardAt: number | null;
  readonly createdAt: number;
}

/** What people decide of a host; everything else of it is what it says of itself. */
export type DecidedOfHost = Pick<Host, "nameIsChosen" | "silentAfterMs" | "retentionMs">;

/** What a client of the Monitoring Stack posted as `details`, as it was posted. */
export interface PostedDetails {
  readonly posted: Readonly<Record<string, unknown>>;
  /** Epoch ms, by Belfry's clock. */
  readonly receivedAt: number;
}

/** The latest details of a host. */
export interface KeptDetails {
  /** `stack` is kept beside what an agent sent or what was read from the post; it is for the Monitoring Stack alone. */
  readonly details: HostDetails & { readonly stack?: PostedDetails };
  /** Epoch ms, by Belfry's clock. */
  readonly receivedAt: number;
}

/** Whether a monitor follows a host. */
export function followsHost(monitor: { readonly kind: string }): boolean {
  return monitor.kind === hostKind;
}

/** The source of a host's series. */
export function hostSource(id: HostId): string {
  return `host:${id}`;
}

/** A deadline where nothing is known of the interval, in ms: after this the Monitoring Stack calls a host offline. */
const unknownDeadlineMs = 300_000;
const leastDeadlineMs = 30_000;
const mostDeadlineMs = 604_800_000;
const longestName = 100;

/** Ms without a sample after which a host is down. */
export function deadlineOf({
  silentAfterMs,
  intervalMs,
}: Pick<Host, "silentAfterMs" | "intervalMs">): number {
  if (silentAfterMs !== null) return silentAfterMs;
  if (intervalMs === null) return unknownDeadlineMs;
  return Math.min(mostDeadlineMs, Math.max(3 * Math.round(intervalMs), leastDeadlineMs));
}

/** A host name as the name of its monitor: one line of at most 100 characters. */
export function monitorNameOf(hostName: string): string {
  // oxlint-disable-next-line no-control-regex -- it is these characters that a name may not have
  const plain = hostName.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  const short = plain.slice(0, longestName).toWellFormed().trim();
  return short === "" ? "host" : short;
}
