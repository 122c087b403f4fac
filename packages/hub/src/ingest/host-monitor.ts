/** The monitor that follows a host: as it is made, and as it goes on with what the host says of itself. Pure. */
import { deadlineOf, hostKind, monitorNameOf, type Host } from "../model/host.ts";
import type { Monitor } from "../model/monitor.ts";

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
