/**
 * All hosts and what they do now. The whole list is fetched once and kept live by the stream: searching, filtering and
 * sorting ask nobody. Figures change in their rows at once; rows change places at most every few seconds, and not while
 * `hold` is on: nothing moves under a pointer.
 */
import {
  batch,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { HostView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import { createHold } from "../../live/hold.ts";
import type { Live } from "../../live/stream.ts";
import type { HostsView } from "../../route/route.ts";
import { arrange } from "./arrange.ts";
import { createSparklines, type Sparklines } from "./sparklines.ts";

export interface HostList extends Disposable {
  /** Ids of those asked for, in order. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** How many hosts there are; null before the first answer. */
  readonly total: ReadonlySignal<number | null>;
  /** By status, over all hosts; null before anything is known. */
  readonly counts: ReadonlySignal<Readonly<Record<string, number>> | null>;
  readonly failure: ReadonlySignal<Failure | null>;
  readonly sparklines: Sparklines;
  row(id: string): ReadonlySignal<HostView> | undefined;
  /** Fetches everything anew. */
  refresh(): void;
  /** Names the rows in view. */
  see(ids: readonly string[]): void;
  hold(on: boolean): void;
}

export interface HostListParts {
  readonly client: Pick<Client, "hosts" | "hostSparklines">;
  readonly live: Pick<Live, "listen" | "watchHosts">;
  readonly view: ReadonlySignal<HostsView>;
  /** Epoch ms. */
  readonly now: () => number;
}

const reorderMs = 3000;
const changedMs = 500;

/** Starts the model; it follows `view` until it is disposed. */
export function createHostList(parts: HostListParts): HostList {
  return new Hosts(parts);
}

class Hosts implements HostList {
  readonly ids: Signal<readonly string[]> = signal([]);
  readonly total: Signal<number | null> = signal(null);
  readonly counts: Signal<Readonly<Record<string, number>> | null> = signal(null);
  readonly failure: Signal<Failure | null> = signal(null);
  readonly sparklines: Sparklines;
  readonly #parts: HostListParts;
  readonly #rows = new Map<string, Signal<HostView>>();
  readonly #stops: readonly (() => void)[];
  readonly #hold = createHold();
  #request = new AbortController();
  #orderTimer: ReturnType<typeof setTimeout> | undefined;
  #fetchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: HostListParts) {
    this.#parts = parts;
    this.sparklines = createSparklines(parts.client, parts.now);
    parts.live.watchHosts("all");
    this.#stops = [
      effect(() => {
        void parts.view.value;
        untracked(() => this.#order());
      }),
      parts.live.listen({
        hosts: (hosts) => this.#take(hosts),
        host_counts: (counts) => (this.counts.value = counts),
        monitors: () => this.#refetch(),
        reset: () => {
          this.sparklines.refresh();
          this.refresh();
        },
      }),
    ];
    this.refresh();
  }

  row(id: string): ReadonlySignal<HostView> | undefined {
    return this.#rows.get(id);
  }

  refresh(): void {
    clearTimeout(this.#fetchTimer);
    this.#fetchTimer = undefined;
    void this.#load();
  }

  see(ids: readonly string[]): void {
    this.sparklines.see(ids);
  }

  hold(on: boolean): void {
    this.#hold.set(on);
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
    this.#hold[Symbol.dispose]();
    clearTimeout(this.#orderTimer);
    clearTimeout(this.#fetchTimer);
    this.#request.abort();
    this.sparklines[Symbol.dispose]();
    this.#parts.live.watchHosts([]);
  }

  async #load(): Promise<void> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal: aborted } = this.#request;
    const hosts: HostView[] = [];
    let cursor: string | null = null;
    do {
      // oxlint-disable-next-line no-await-in-loop -- a page names the next one
      const reply = await this.#parts.client.hosts(cursor, aborted);
      if (aborted.aborted) return;
      if (reply.kind === "failed") {
        this.failure.value = reply.failure;
        return;
      }
      hosts.push(...reply.value.items);
      cursor = reply.value.next_cursor;
    } while (cursor !== null);
    batch(() => this.#replace(hosts));
  }

  #replace(hosts: readonly HostView[]): void {
    this.failure.value = null;
    this.total.value = hosts.length;
    const present = new Set(hosts.map((host) => host.id));
    for (const id of this.#rows.keys()) if (!present.has(id)) this.#rows.delete(id);
    for (const host of hosts) this.#put(host);
    this.#order();
    const counts: Record<string, number> = {};
    for (const { status } of hosts) counts[status] = (counts[status] ?? 0) + 1;
    this.counts.value = counts;
  }

  #put(host: HostView): void {
    const row = this.#rows.get(host.id);
    if (row === undefined) this.#rows.set(host.id, signal(host));
    else row.value = host;
  }

  #take(hosts: readonly HostView[]): void {
    const isOneNew = hosts.some(({ id }) => !this.#rows.has(id));
    batch(() => {
      for (const host of hosts) this.#put(host);
      // Before the list is there, some of its rows are no list.
      if (this.total.peek() === null) return;
      this.total.value = this.#rows.size;
      if (isOneNew) this.#hold.run(() => this.#order());
    });
    if (hosts.length > 0 && !isOneNew) this.#orderLater();
  }

  #order(): void {
    clearTimeout(this.#orderTimer);
    this.#orderTimer = undefined;
    const hosts = [...this.#rows.values()].map((row) => row.peek());
    const ids = arrange(hosts, this.#parts.view.peek()).map((host) => host.id);
    const former = this.ids.peek();
    if (ids.length === former.length && ids.every((id, i) => id === former[i])) return;
    this.ids.value = ids;
  }

  #orderLater(): void {
    this.#orderTimer ??= setTimeout(() => {
      this.#orderTimer = undefined;
      this.#hold.run(() => this.#order());
    }, reorderMs);
  }

  #refetch(): void {
    this.#fetchTimer ??= setTimeout(() => this.refresh(), changedMs);
  }
}
