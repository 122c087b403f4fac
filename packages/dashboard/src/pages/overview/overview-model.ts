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
import type { Client, MonitorPage } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import { createHold } from "../../live/hold.ts";
import type { Live } from "../../live/stream.ts";
import { withCheck } from "../../live/with-check.ts";
import type { OverviewView } from "../../route/route.ts";
import { createSummaries, type Summaries } from "./summaries.ts";

export interface OverviewModel extends Disposable {
  /** Ids in order, as far as they are loaded. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** How many fit the filters; null before the first answer. */
  readonly total: ReadonlySignal<number | null>;
  /** By status, over all monitors; null until the hub has said so. */
  readonly counts: ReadonlySignal<Readonly<Record<string, number>> | null>;
  /** What is shown is not (yet) what is asked for. */
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
export function createOverview(parts: OverviewParts): OverviewModel {
  return new Overview(parts);
}

class Overview implements OverviewModel {
  readonly ids: Signal<readonly string[]> = signal([]);
  readonly total: Signal<number | null> = signal(null);
  readonly counts: Signal<Readonly<Record<string, number>> | null> = signal(null);
  readonly loading: Signal<boolean> = signal(true);
  readonly failure: Signal<Failure | null> = signal(null);
  readonly summaries: Summaries;
  readonly #parts: OverviewParts;
  readonly #rows = new Map<string, Signal<MonitorView>>();
  readonly #stops: readonly (() => void)[];
  #cursor: string | null = null;
  #request = new AbortController();
  readonly #hold = createHold();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: OverviewParts) {
    this.#parts = parts;
    this.summaries = createSummaries(parts.client, parts.now);
    this.#stops = [
      effect(() => {
        void parts.view.value;
        untracked(() => this.#followView());
      }),
      parts.live.listen({
        counts: (data) => (this.counts.value = data),
        checks: (checks) => this.#take(checks),
        monitors: () => this.#later(reorderMs / 4),
        reset: () => {
          this.summaries.refresh();
          this.refresh();
        },
      }),
    ];
  }

  row(id: string): ReadonlySignal<MonitorView> | undefined {
    return this.#rows.get(id);
  }

  more(): void {
    if (this.#cursor !== null && !this.loading.value) void this.#load(this.#cursor);
  }

  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#load(null);
  }

  see(ids: readonly string[]): void {
    this.summaries.see(ids);
    this.#parts.live.watch(ids);
  }

  hold(on: boolean): void {
    this.#hold.set(on);
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
    this.#hold[Symbol.dispose]();
    clearTimeout(this.#timer);
    this.#request.abort();
    this.summaries[Symbol.dispose]();
    this.#parts.live.watch([]);
  }

  /** Another view: what is shown stays until the answer is there. */
  #followView(): void {
    clearTimeout(this.#timer);
    this.loading.value = true;
    this.ids.value = this.ids.value.slice(0, pageSize);
    const isFirst = this.total.value === null;
    this.#timer = setTimeout(() => this.refresh(), isFirst ? 0 : typingMs);
  }

  /** `after`: fetches the page behind the present ones; null: the present ones anew. */
  async #load(after: string | null): Promise<void> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal: aborted } = this.#request;
    this.loading.value = true;
    const shown = this.ids.value.length;
    const limit = after === null ? Math.min(mostAtOnce, Math.max(pageSize, shown)) : pageSize;
    const page = { cursor: after, limit };
    const reply = await this.#parts.client.listMonitors(this.#parts.view.value, page, aborted);
    if (aborted.aborted) return;
    batch(() => {
      this.loading.value = false;
      this.failure.value = reply.kind === "failed" ? reply.failure : null;
      if (reply.kind === "ok") this.#putPage(reply.value, after === null ? limit : null);
    });
  }

  /** `replaced`: so many rows from the first one on are replaced; null: the page stands behind all of them. */
  #putPage({ items, next_cursor, total }: MonitorPage, replaced: number | null): void {
    const page = items.map((monitor) => this.#put(monitor));
    const known = new Set(page);
    const kept = this.ids.value.filter((id) => !known.has(id));
    this.total.value = total;
    if (replaced === null) {
      this.#cursor = next_cursor;
      this.ids.value = [...kept, ...page];
      return;
    }
    // Rows behind those the API gives at once stay where they were until they are scrolled to anew.
    const shown = new Set(this.ids.value.slice(0, replaced));
    const behind = next_cursor === null ? [] : kept.filter((id) => !shown.has(id));
    if (behind.length === 0) this.#cursor = next_cursor;
    this.ids.value = [...page, ...behind];
  }

  #put(monitor: MonitorView): string {
    const row = this.#rows.get(monitor.id);
    if (row === undefined) this.#rows.set(monitor.id, signal(monitor));
    else row.value = monitor;
    return monitor.id;
  }

  #take(checks: readonly LiveCheck[]): void {
    let reorders = false;
    batch(() => {
      for (const check of checks) {
        this.summaries.note(check);
        const row = this.#rows.get(check.id);
        if (row === undefined || row.value.status !== check.status) reorders = true;
        if (row !== undefined) row.value = withCheck(row.value, check);
      }
    });
    if (reorders) this.#later(reorderMs);
  }

  #later(ms: number): void {
    this.#hold.run(() => {
      this.#timer ??= setTimeout(() => this.refresh(), ms);
    });
  }
}
