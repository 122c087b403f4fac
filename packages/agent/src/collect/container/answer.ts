/**
 * Answers of the engine, parsed: `GET /containers/json`, `/containers/{id}/json`, `/containers/{id}/stats`. What is not
 * as documented is left out; names come from whoever made the container and are bounded.
 */
import { hostText, hostTextOrNone } from "../host-text.ts";

export interface ListedContainer {
  /** As the engine wants it in paths: 64 hexadecimal digits. */
  readonly fullId: string;
  /** The first 12 of them, as people know it. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  /** `Up 2 hours (healthy)` */
  readonly status: string;
  /** healthy, unhealthy, starting; undefined: it has no check. */
  readonly health: string | undefined;
  /** `0.0.0.0:80->8080/tcp, 5432/tcp` */
  readonly ports: string | undefined;
}

export interface InspectedContainer {
  readonly restarts: number | undefined;
  /** Epoch ms. */
  readonly startedAt: number | undefined;
  /** undefined: none. */
  readonly memoryLimitBytes: number | undefined;
}

export interface ContainerStats {
  /** Epoch ms by the engine's clock, with fractions. */
  readonly readAt: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly throttledSeconds: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Without files that can be dropped, as cadvisor and Kubernetes count. */
  readonly workingSetBytes: number | undefined;
  readonly processes: number | undefined;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
  readonly interfaces: readonly InterfaceStats[];
}

export interface InterfaceStats {
  readonly name: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
}

/** Containers of a list, in its order; entries without an id are left out. */
export function parseList(body: unknown): readonly ListedContainer[] {
  return listOf(body).flatMap((entry) => {
    const fullId = textOf(at(entry, "Id"));
    if (fullId === undefined || !/^[0-9a-f]{12,64}$/.test(fullId)) return [];
    const id = fullId.slice(0, 12);
    const name = textOf(listOf(at(entry, "Names"))[0])?.replace(/^\//, "");
    const status = textOf(at(entry, "Status")) ?? "";
    return [
      {
        fullId,
        id,
        name: hostTextOrNone(name) ?? id,
        image: hostText(textOf(at(entry, "Image")) ?? ""),
        state: hostText(textOf(at(entry, "State")) ?? "", 64),
        status: hostText(status),
        health: healthOf(status),
        ports: portsOf(at(entry, "Ports")),
      },
    ];
  });
}

export function parseInspection(body: unknown): InspectedContainer {
  const startedAt = Date.parse(textOf(at(body, "State", "StartedAt")) ?? "");
  return {
    restarts: countOf(at(body, "RestartCount")),
    // A container that was never started says year 1.
    startedAt: startedAt > 0 ? startedAt : undefined,
    memoryLimitBytes: countOf(at(body, "HostConfig", "Memory")) || undefined,
  };
}

export function parseStats(body: unknown): ContainerStats {
  const memory = at(body, "memory_stats");
  const usage = countOf(at(memory, "usage"));
  const droppable =
    countOf(at(memory, "stats", "inactive_file")) ??
    countOf(at(memory, "stats", "total_inactive_file")) ??
    0;
  const readAt = Date.parse(textOf(at(body, "read")) ?? "");
  return {
    readAt: readAt > 0 ? readAt : undefined,
    cpuSeconds: seconds(at(body, "cpu_stats", "cpu_usage", "total_usage")),
    throttledSeconds: seconds(at(body, "cpu_stats", "throttling_data", "throttled_time")),
    memoryBytes: usage,
    workingSetBytes: usage === undefined ? undefined : Math.max(0, usage - droppable),
    processes: countOf(at(body, "pids_stats", "current")),
    ...blockBytes(at(body, "blkio_stats", "io_service_bytes_recursive")),
    interfaces: interfacesOf(at(body, "networks")),
  };
}

function blockBytes(entries: unknown): Pick<ContainerStats, "readBytes" | "writtenBytes"> {
  const sum = (operation: string): number | undefined => {
    const values = listOf(entries)
      .filter((entry) => textOf(at(entry, "op"))?.toLowerCase() === operation)
      .flatMap((entry) => countOf(at(entry, "value")) ?? []);
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  };
  return { readBytes: sum("read"), writtenBytes: sum("write") };
}

function interfacesOf(networks: unknown): readonly InterfaceStats[] {
  return entriesOf(networks)
    .slice(0, 16)
    .flatMap(([name, stats]) => {
      const receivedBytes = countOf(at(stats, "rx_bytes"));
      const sentBytes = countOf(at(stats, "tx_bytes"));
      if (receivedBytes === undefined || sentBytes === undefined) return [];
      const receiveErrors = countOf(at(stats, "rx_errors")) ?? 0;
      const sendErrors = countOf(at(stats, "tx_errors")) ?? 0;
      return [{ name: hostText(name, 64), receivedBytes, sentBytes, receiveErrors, sendErrors }];
    });
}

function healthOf(status: string): string | undefined {
  return /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status)?.[1];
}

function portsOf(ports: unknown): string | undefined {
  const texts = listOf(ports).flatMap((port) => {
    const inside = countOf(at(port, "PrivatePort"));
    const outside = countOf(at(port, "PublicPort"));
    if (inside === undefined) return [];
    const address = textOf(at(port, "IP")) ?? "";
    const shown = address.includes(":") ? `[${address}]` : address;
    const protocol = textOf(at(port, "Type")) ?? "tcp";
    return [
      outside === undefined
        ? `${inside}/${protocol}`
        : `${shown === "" ? "" : `${shown}:`}${outside}->${inside}/${protocol}`,
    ];
  });
  return hostTextOrNone([...new Set(texts)].join(", "));
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) found = entriesOf(found).find(([name]) => name === key)?.[1];
  return found;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function seconds(nanoseconds: unknown): number | undefined {
  const count = countOf(nanoseconds);
  return count === undefined ? undefined : count / 1e9;
}
