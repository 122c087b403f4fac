/** The monitor that follows a host: as it is made, and as it goes on with what the host says of itself. Pure. */
import type { Host } from "../model/host.ts";
import { hostKind } from "../model/host.ts";
import type { Monitor } from "../model/monitor.ts";

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

/** A host name as the name of a monitor: one line of at most 100 characters. */
export function monitorNameOf(hostName: string): string {
  // oxlint-disable-next-line no-control-regex -- it is these characters that a name may not have
  const plain = hostName.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  const short = plain.slice(0, longestName).toWellFormed().trim();
  return short === "" ? "host" : short;
}

/** The monitor of a new host. */
export function createHostMonitor(host: Host, hostName: string): Monitor {
  return {
    id: host.id,
    name: monitorNameOf(hostName),
    kind: hostKind,
    settings: {},
    labels: host.agentLabels,
    dependsOn: [],
    enabled: true,
    intervalMs: deadlineOf(host),
    timeoutMs: 10_000,
    judging: {
      downAfter: 1,
      upAfter: 1,
      retryIntervalMs: null,
      degradedAfterMs: null,
      degradedCertificateDays: null,
    },
    version: 1,
    createdAt: host.createdAt,
    updatedAt: host.createdAt,
  };
}

/** What a host says of itself. */
export interface Said {
  /** null: the name stays. */
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The monitor as it has to be after what the host says; null when it is so already. What people chose stays: a name, and
 * every label that is not as the agent said it before.
 */
export function followHost(monitor: Monitor, host: Host, said: Said, now: number): Monitor | null {
  const name = host.nameIsChosen || said.name === null ? monitor.name : monitorNameOf(said.name);
  const intervalMs = deadlineOf(host);
  const labels = mergeLabels(monitor.labels, host.agentLabels, said.labels);
  const same =
    name === monitor.name && intervalMs === monitor.intervalMs && labels === monitor.labels;
  if (same) return null;
  return { ...monitor, name, intervalMs, labels, version: monitor.version + 1, updatedAt: now };
}

type Labels = Readonly<Record<string, string>>;

/** Labels after the agent's went from `former` to `next`; the same object when they stay. */
export function mergeLabels(present: Labels, former: Labels, next: Labels): Labels {
  if (sameLabels(former, next)) return present;
  const merged: Record<string, string> = { ...present };
  for (const label of new Set([...Object.keys(former), ...Object.keys(next)])) {
    if (merged[label] !== former[label]) continue;
    const value = next[label];
    if (value === undefined) delete merged[label];
    else if (label in merged || Object.keys(merged).length < mostLabels) merged[label] = value;
  }
  return sameLabels(present, merged) ? present : merged;
}

const mostLabels = 32;

/** Whether two sets of labels say the same. */
export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
