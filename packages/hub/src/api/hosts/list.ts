/**
 * The list of hosts, served from memory alone: filtered, sorted, one page. The order is made for each request, since most
 * of what can be sorted by changes with every sample; a host whose key changes between two pages may be seen twice or
 * not at all.
 */
import type { Status } from "@belfry/contract";
import { AppError } from "../../model/error.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { fold, readLabel, severityOf } from "../monitors/list.ts";
import type { ApiParts } from "../parts.ts";
import { hostOf, type FollowedHost } from "./view.ts";

/** What the list can be sorted by. `load` is the 1-minute load, `network` what is received and sent together. */
export const hostSortKeys = [
  "name",
  "status",
  "cpu",
  "memory",
  "disk",
  "load",
  "network",
  "temperature",
  "uptime",
] as const;
export type HostSortKey = (typeof hostSortKeys)[number];

export interface HostListQuery {
  readonly cursor?: string;
  readonly limit: number;
  readonly status?: readonly Status[];
  /** `team:core` or `team`; all must hold. */
  readonly label?: readonly string[];
  readonly q?: string;
  readonly sort: HostSortKey;
  readonly order: "asc" | "desc";
}

export interface HostPage {
  readonly hosts: readonly FollowedHost[];
  readonly nextCursor: string | null;
  /** How many hosts fit the filters, on all pages. */
  readonly total: number;
}

/** null comes last in either direction. */
type Key = string | number | null;

interface Place {
  readonly key: Key;
  /** Decides between equal keys. */
  readonly name: string;
  readonly id: string;
}

/** One page of the list. */
export function listHosts(
  parts: Pick<ApiParts, "board" | "hosts">,
  query: HostListQuery,
): HostPage {
  const fits = filterOf(query);
  const direction = query.order === "asc" ? 1 : -1;
  const places: (Place & { readonly host: FollowedHost })[] = [];
  for (const { host } of parts.hosts.entries()) {
    const found = hostOf(parts, host.id);
    if (found === undefined || !fits(found)) continue;
    const key = keyOf(found, query.sort);
    places.push({ host: found, key, name: fold(found.followed.monitor.name), id: host.id });
  }
  places.sort((a, b) => comparePlaces(a, b, direction));
  const after = query.cursor === undefined ? undefined : readPlace(query.cursor, query);
  const start =
    after === undefined
      ? 0
      : places.findIndex((place) => comparePlaces(place, after, direction) > 0);
  const page = start === -1 ? [] : places.slice(start, start + query.limit);
  const last = page.at(-1);
  const more = last !== undefined && start + page.length < places.length;
  return {
    hosts: page.map(({ host }) => host),
    nextCursor: more ? writeCursor([query.sort, query.order, last.key, last.name, last.id]) : null,
    total: places.length,
  };
}

function keyOf({ entry, followed }: FollowedHost, sort: HostSortKey): Key {
  const { figures } = entry;
  switch (sort) {
    case "name":
      return fold(followed.monitor.name);
    case "status":
      return severityOf(followed.status);
    case "cpu":
      return figures.cpuRatio;
    case "memory":
      return figures.memoryRatio;
    case "disk":
      return figures.diskRatio;
    case "load":
      return figures.load1;
    case "network":
      return sumOf(figures.networkReceive, figures.networkTransmit);
    case "temperature":
      return figures.temperature;
    case "uptime":
      return figures.bootTime === null ? null : -figures.bootTime;
  }
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}

function readPlace(cursor: string, query: HostListQuery): Place {
  const [sort, order, key = null, name, id] = readCursor(cursor, 5);
  const isOwn = sort === query.sort && order === query.order;
  if (isOwn && typeof name === "string" && typeof id === "string") return { key, name, id };
  throw new AppError("invalid", "The cursor belongs to another order", {
    problems: [{ path: "cursor", message: `expected a cursor of sort=${query.sort}` }],
  });
}

function comparePlaces(a: Place, b: Place, direction: 1 | -1): number {
  if (a.key !== b.key) {
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return a.key < b.key ? -direction : direction;
  }
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function filterOf(query: HostListQuery): (host: FollowedHost) => boolean {
  const status = query.status === undefined ? undefined : new Set(query.status);
  const labels = (query.label ?? []).map(readLabel);
  const words = fold(query.q ?? "")
    .split(/\s+/)
    .filter((word) => word !== "");
  return ({ entry, followed: { monitor, status: present } }) => {
    if (status !== undefined && !status.has(present)) return false;
    for (const { name, value } of labels) {
      const own = monitor.labels[name];
      if (own === undefined || (value !== undefined && own !== value)) return false;
    }
    if (words.length === 0) return true;
    const text = fold([monitor.name, ...entry.host.names].join("\n"));
    return words.every((word) => text.includes(word));
  };
}
