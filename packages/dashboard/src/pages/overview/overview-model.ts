/**
 * What the overview shows: pages of monitors in the order asked for, kept live.
 *
 * A check changes its row in place. Whatever may change which rows there are or how they are ordered (a status that
 * changed, a monitor made or deleted, a stream that missed something) has the list fetched anew, at most every two
 * seconds, and not while `hold` is on: nothing moves under a pointer.
 */
import {
  batch,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { LiveCheck, MonitorView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import type { Live } from "../../live/stream.ts";
import type { OverviewView } from "../../route/route.ts";
import { createSummaries, type Summaries } from "./summaries.ts";

export interface OverviewModel extends Disposable {
  /** Ids in order, as far as they are loaded. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** How many fit the filters; null before the first answer. */
  readonly total: ReadonlySignal<number | null>;
  /** By status, over all monitors; null until the hub has said so. */
  readonly counts: ReadonlySignal<Readonly<Record<string, number>> | null>;
  readonly loading: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<Failure | null>;
  readonly summaries: Summaries;
  row(id: string): ReadonlySignal<MonitorView> | undefined;
  /** Fetches the next page, if there is one and none is under way. */
  more(): void;
  /** Fetches anew what is shown. */
  refresh(): void;
  /** Names the rows in view. */
  see(ids: readonly string[]): void;
  hold(on: boolean): void;
}

export interface OverviewParts {
  readonly client: Pick<Client, "listMonitors" | "summaries">;
  readonly live: Pick<Live, "listen" | "watch">;
  readonly view: ReadonlySignal<OverviewView>;
  readonly now: () => number;
}

const pageSize = 100;
/** The most the API gives at once. */
const mostAtOnce = 500;
const typingMs = 120;
const reorderMs = 2000;

/** Starts the model; it follows `view` until it is disposed. */
export function createOverview({ client, live, view, now }: OverviewParts): OverviewModel {
  const ids = signal<readonly string[]>([]);
  const total = signal<number | null>(null);
  const counts = signal<Readonly<Record<string, number>> | null>(null);
  const loading = signal(true);
  const failure = signal<Failure | null>(null);
  const rows = new Map<string, Signal<MonitorView>>();
  const summaries = createSummaries(client, now);
  let cursor: string | null = null;
  let request = new AbortController();
  let held = false;
  let missed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function put(monitor: MonitorView): string {
    const row = rows.get(monitor.id);
    if (row === undefined) rows.set(monitor.id, signal(monitor));
    else row.value = monitor;
    return monitor.id;
  }

  /** `after`: the page behind the present ones; otherwise the present ones anew. */
  async function load(after: string | null): Promise<void> {
    request.abort();
    request = new AbortController();
    const { signal: aborted } = request;
    loading.value = true;
    const kept = ids.value;
    const limit = after === null ? Math.min(mostAtOnce, Math.max(pageSize, kept.length)) : pageSize;
    const reply = await client.listMonitors(view.value, { cursor: after, limit }, aborted);
    if (aborted.aborted) return;
    batch(() => {
      loading.value = false;
      failure.value = reply.kind === "failed" ? reply.failure : null;
      if (reply.kind === "failed") return;
      const page = reply.value.items.map(put);
      total.value = reply.value.total;
      const known = new Set(page);
      // Rows behind the first five hundred stay where they were until they are scrolled to anew.
      const behind = after === null ? kept.slice(limit).filter((id) => !known.has(id)) : [];
      if (behind.length === 0) cursor = reply.value.next_cursor;
      ids.value =
        after === null
          ? [...page, ...(reply.value.next_cursor === null ? [] : behind)]
          : [...kept.filter((id) => !known.has(id)), ...page];
    });
  }

  function later(ms: number): void {
    if (held) missed = true;
    else timer ??= setTimeout(reload, ms);
  }

  function reload(): void {
    clearTimeout(timer);
    timer = undefined;
    void load(null);
  }

  function take(checks: readonly LiveCheck[]): void {
    let reorders = false;
    batch(() => {
      for (const check of checks) {
        const row = rows.get(check.id);
        summaries.note(check);
        if (row === undefined) {
          reorders = true;
          continue;
        }
        const former = row.value;
        if (former.status !== check.status) reorders = true;
        row.value = {
          ...former,
          status: check.status,
          status_since: check.status_since,
          flapping: check.flapping,
          last_check: check.last_check ?? former.last_check,
        };
      }
    });
    if (reorders) later(reorderMs);
  }

  const stopFollowing = effect(() => {
    void view.value;
    untracked(() => {
      const first = total.value === null;
      clearTimeout(timer);
      ids.value = first ? [] : ids.value.slice(0, pageSize);
      timer = setTimeout(reload, first ? 0 : typingMs);
    });
  });
  const stopListening = live.listen({
    counts: (data) => (counts.value = data),
    checks: take,
    monitors: () => later(reorderMs / 4),
    reset: () => {
      summaries.refresh();
      reload();
    },
  });

  return {
    ids,
    total,
    counts,
    loading,
    failure,
    summaries,
    row: (id) => rows.get(id),
    more() {
      if (cursor !== null && !loading.value) void load(cursor);
    },
    refresh: reload,
    see(seen) {
      summaries.see(seen);
      live.watch(seen);
    },
    hold(on) {
      held = on;
      if (on || !missed) return;
      missed = false;
      later(reorderMs / 4);
    },
    [Symbol.dispose]() {
      stopFollowing();
      stopListening();
      clearTimeout(timer);
      request.abort();
      summaries[Symbol.dispose]();
      live.watch([]);
    },
  };
}
