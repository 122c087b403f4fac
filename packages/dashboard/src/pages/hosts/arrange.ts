/** Which hosts the list shows, and in which order. Pure: what is known of all hosts is here already. */
import type { HostView } from "@belfry/contract";
import { levelOf, type Level } from "../../parts/level.ts";
import { bySeverity } from "../../parts/status-words.ts";
import type { HostsView, HostSort } from "../../route/route.ts";

/** The hosts a view asks for, in its order; equal ones by name. What a host has no figure for stands at the end. */
export function arrange(hosts: readonly HostView[], view: HostsView): readonly HostView[] {
  const fits = filterOf(view);
  const rank = rankOf[view.sort];
  const sign = view.reversed ? -1 : 1;
  return hosts
    .filter(fits)
    .map((host) => ({ host, rank: rank(host) }))
    .toSorted(
      (a, b) =>
        compareRanks(a.rank, b.rank, sign) ||
        compareNames(a.host, b.host) * (view.sort === "name" ? sign : 1),
    )
    .map(({ host }) => host);
}

/** How much of a host deserves colour: 0 nothing, then one for each figure, ten where it is bad. */
export function strainOf({ figures, status }: HostView): number {
  if (status === "down" || status === "paused") return 0;
  const levels: readonly Level[] = [
    levelOf("cpu", figures.cpu_ratio),
    levelOf("memory", figures.memory_ratio),
    levelOf("disk", figures.fullest_disk_ratio),
    levelOf("load", loadPerCore(figures)),
    levelOf("temperature", figures.temperature_celsius),
  ];
  return levels.reduce((sum, level) => sum + { fine: 0, attention: 1, bad: 10 }[level], 0);
}

/** The one-minute load against the cores there are; null where either is not known. */
export function loadPerCore({ load1, cores }: HostView["figures"]): number | null {
  return load1 === null || cores === null || cores <= 0 ? null : load1 / cores;
}

/** Bytes per second in both directions; null where neither is known. */
export function trafficOf(figures: HostView["figures"]): number | null {
  const { network_receive_bytes_per_second: received, network_transmit_bytes_per_second: sent } =
    figures;
  return received === null && sent === null ? null : (received ?? 0) + (sent ?? 0);
}

/** What is compared: the smaller one stands first. */
type Rank = readonly (number | string | null)[];

const rankOf: Readonly<Record<HostSort, (host: HostView) => Rank>> = {
  trouble: (host) => [bySeverity.indexOf(host.status), -strainOf(host)],
  name: () => [],
  cpu: ({ figures }) => [falling(figures.cpu_ratio)],
  memory: ({ figures }) => [falling(figures.memory_ratio)],
  disk: ({ figures }) => [falling(figures.fullest_disk_ratio)],
  network: ({ figures }) => [falling(trafficOf(figures))],
  load: ({ figures }) => [falling(loadPerCore(figures))],
  temperature: ({ figures }) => [falling(figures.temperature_celsius)],
  uptime: ({ figures }) => [figures.boot_time === null ? null : Date.parse(figures.boot_time)],
};

function falling(value: number | null): number | null {
  return value === null ? null : -value;
}

function compareRanks(a: Rank, b: Rank, sign: 1 | -1): number {
  for (const [i, one] of a.entries()) {
    const other = b[i] ?? null;
    if (one === other) continue;
    if (one === null) return 1;
    if (other === null) return -1;
    return one < other ? -sign : sign;
  }
  return 0;
}

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compareNames(a: HostView, b: HostView): number {
  return names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

function filterOf({ q, status, labels }: HostsView): (host: HostView) => boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const asked = labels.map((label) => {
    const colon = label.indexOf(":");
    return colon === -1
      ? { name: label, value: undefined }
      : { name: label.slice(0, colon), value: label.slice(colon + 1) };
  });
  return (host) => {
    if (status.length > 0 && !status.includes(host.status)) return false;
    for (const { name, value } of asked) {
      const has = Object.hasOwn(host.labels, name) ? host.labels[name] : undefined;
      if (has === undefined || (value !== undefined && has !== value)) return false;
    }
    if (words.length === 0) return true;
    const text = [host.name, ...host.names, ...Object.entries(host.labels).flat()]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
