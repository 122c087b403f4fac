/**
 * The list of monitors, served from the board alone: filtered, sorted, one page. The order by name is kept between
 * requests and made anew when a monitor was added, changed or removed; other orders change with every check and are
 * made for each request. A monitor whose key changes between two pages may be seen twice or not at all.
 */
import { statuses, type Status } from "@belfry/contract";
import type { BoardEntry } from "../../model/board.ts";
import type { CheckKind } from "../../model/check-kind.ts";
import type { Monitor } from "../../model/monitor.ts";
import { AppError } from "../../model/error.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Board } from "../parts.ts";
import { targetOf } from "./view.ts";

/** What lists can be sorted by. */
export const sortKeys = ["name", "status", "latency", "created"] as const;
export type SortKey = (typeof sortKeys)[number];

export interface ListQuery {
  readonly cursor?: string;
  readonly limit: number;
  readonly status?: readonly Status[];
  readonly kind?: readonly string[];
  /** `team:core` or `team`; all must hold. */
  readonly label?: readonly string[];
  readonly q?: string;
  readonly sort: SortKey;
  readonly order: "asc" | "desc";
}

export interface ListPage {
  readonly entries: readonly BoardEntry[];
  readonly nextCursor: string | null;
  /** How many monitors fit the filters, on all pages. */
  readonly total: number;
}

export interface MonitorList {
  page(query: ListQuery): ListPage;
}

/** A place in an order; null comes last in either direction. */
type Key = string | number | null;

interface Place {
  readonly key: Key;
  readonly id: string;
}

/** Makes the list over a board. */
export function createMonitorList(
  board: Board,
  kinds: ReadonlyMap<string, CheckKind>,
): MonitorList {
  const folded = new WeakMap<Monitor, { readonly name: string; readonly text: string }>();
  function foldedOf(monitor: Monitor): { readonly name: string; readonly text: string } {
    let texts = folded.get(monitor);
    if (texts === undefined) {
      const name = fold(monitor.name);
      texts = { name, text: `${name}\n${fold(targetOf(monitor, kinds.get(monitor.kind)))}` };
      folded.set(monitor, texts);
    }
    return texts;
  }
  const byName = createNameOrder(board, (monitor) => foldedOf(monitor).name);

  function keyOf(entry: BoardEntry, sort: SortKey): Key {
    switch (sort) {
      case "name":
        return foldedOf(entry.monitor).name;
      case "status":
        return severityOf(entry.status);
      case "latency":
        return entry.lastCheck?.latencyMs ?? null;
      case "created":
        return entry.monitor.createdAt;
    }
  }

  return {
    page(query) {
      const fits = filterOf(query, (monitor) => foldedOf(monitor).text);
      const found = (query.sort === "name" ? byName() : [...board.entries()]).filter(fits);
      const direction = query.order === "asc" ? 1 : -1;
      const places = found.map((entry) => ({
        entry,
        key: keyOf(entry, query.sort),
        id: entry.monitor.id,
      }));
      if (query.sort !== "name") places.sort((a, b) => comparePlaces(a, b, direction));
      else if (direction === -1) places.reverse();
      const after = query.cursor === undefined ? undefined : readPlace(query.cursor, query);
      const start =
        after === undefined
          ? 0
          : firstIndex(places, (place) => comparePlaces(place, after, direction) > 0);
      const page = places.slice(start, start + query.limit);
      const last = page.at(-1);
      const more = start + page.length < places.length && last !== undefined;
      return {
        entries: page.map(({ entry }) => entry),
        nextCursor: more ? writeCursor([query.sort, query.order, last.key, last.id]) : null,
        total: places.length,
      };
    },
  };
}

/** Folds case so that names are found and sorted alike on every engine. */
export function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** Worst first. */
const bySeverity: readonly Status[] = [
  "down",
  "degraded",
  "unknown",
  "pending",
  "maintenance",
  "up",
  "paused",
];

/** A place in the order of statuses, worst first. */
export function severityOf(status: Status): number {
  return bySeverity.indexOf(status);
}

function readPlace(cursor: string, query: ListQuery): Place {
  const [sort, order, key = null, id] = readCursor(cursor, 4);
  if (sort !== query.sort || order !== query.order || typeof id !== "string") {
    throw new AppError("invalid", "The cursor belongs to another order", {
      problems: [{ path: "cursor", message: `expected a cursor of sort=${query.sort}` }],
    });
  }
  return { key, id };
}

function comparePlaces(a: Place, b: Place, direction: 1 | -1): number {
  if (a.key !== b.key) {
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return a.key < b.key ? -direction : direction;
  }
  return a.id < b.id ? -direction : a.id > b.id ? direction : 0;
}

function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function filterOf(
  query: ListQuery,
  textOf: (monitor: Monitor) => string,
): (entry: BoardEntry) => boolean {
  const status = query.status === undefined ? undefined : new Set(query.status);
  const kind = query.kind === undefined ? undefined : new Set(query.kind);
  const labels = (query.label ?? []).map(readLabel);
  const words = fold(query.q ?? "")
    .split(/\s+/)
    .filter((word) => word !== "");
  return ({ monitor, status: present }) => {
    if (status !== undefined && !status.has(present)) return false;
    if (kind !== undefined && !kind.has(monitor.kind)) return false;
    for (const { name, value } of labels) {
      const own = monitor.labels[name];
      if (own === undefined || (value !== undefined && own !== value)) return false;
    }
    if (words.length === 0) return true;
    const text = textOf(monitor);
    return words.every((word) => text.includes(word));
  };
}

/** Reads `team:core`, or `team` for any value. */
export function readLabel(text: string): {
  readonly name: string;
  readonly value: string | undefined;
} {
  const colon = text.indexOf(":");
  if (colon === -1) return { name: text, value: undefined };
  return { name: text.slice(0, colon), value: text.slice(colon + 1) };
}

/** Keeps the ids in the order of names; a changed monitor is another object, which shows that the order is old. */
function createNameOrder(
  board: Board,
  nameOf: (monitor: Monitor) => string,
): () => readonly BoardEntry[] {
  let sorted: BoardEntry["monitor"][] = [];
  let known = new Set<Monitor>();
  return () => {
    const entries = new Map<string, BoardEntry>();
    let isOld = false;
    for (const entry of board.entries()) {
      entries.set(entry.monitor.id, entry);
      if (!known.has(entry.monitor)) isOld = true;
    }
    if (isOld || entries.size !== known.size) {
      known = new Set([...entries.values()].map(({ monitor }) => monitor));
      const places = [...known].map((monitor) => ({
        monitor,
        key: nameOf(monitor),
        id: monitor.id,
      }));
      sorted = places.sort((a, b) => comparePlaces(a, b, 1)).map(({ monitor }) => monitor);
    }
    return sorted.flatMap((monitor) => entries.get(monitor.id) ?? []);
  };
}

/** Every status with how many of the entries have it. */
export function countStatuses(entries: Iterable<BoardEntry>): Record<Status, number> {
  const counts = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<
    Status,
    number
  >;
  for (const { status } of entries) counts[status] += 1;
  return counts;
}
