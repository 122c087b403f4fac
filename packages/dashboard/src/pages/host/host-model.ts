/**
 * One host and what was of it: its state and figures, what its agent knows, uptime and incidents, kept live. Every part
 * is fetched by itself and may fail by itself: a page is still useful when one of them is missing.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { HostDetailView, HostView, IncidentView, UptimeView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import { isMissing, type Failure } from "../../api/failure.ts";
import type { Live } from "../../live/stream.ts";
import type { IncidentList } from "../../parts/incidents.tsx";

/** Spans uptime is shown over, in days. */
export const uptimeDays = [1, 7, 30, 90] as const;

export interface HostModel extends IncidentList, Disposable {
  readonly host: ReadonlySignal<HostDetailView | null>;
  /** `missing`: there is no such host (any more). */
  readonly failure: ReadonlySignal<Failure | "missing" | null>;
  /** In the order of `uptimeDays`. */
  readonly uptimes: ReadonlySignal<readonly (UptimeView | null)[]>;
  /** Counts the samples that were heard of: charts follow this. */
  readonly heard: ReadonlySignal<number>;
  refresh(): void;
  put(host: HostDetailView): void;
}

export interface HostModelParts {
  readonly client: Pick<Client, "host" | "uptime" | "incidents">;
  readonly live: Pick<Live, "listen" | "watchHosts">;
  /** Epoch ms. */
  readonly now: () => number;
}

const dayMs = 86_400_000;
const uptimeEveryMs = 60_000;
/** What the agent knows beside figures is read by it no more often than this. */
const detailsEveryMs = 5000;
const incidentsAtOnce = 5;

/** Starts the model of one host. */
export function createHostModel(id: string, parts: HostModelParts): HostModel {
  return new OneHost(id, parts);
}

class OneHost implements HostModel {
  readonly host: Signal<HostDetailView | null> = signal(null);
  readonly failure: Signal<Failure | "missing" | null> = signal(null);
  readonly uptimes: Signal<readonly (UptimeView | null)[]> = signal(uptimeDays.map(() => null));
  readonly incidents: Signal<Page<IncidentView> | null> = signal(null);
  readonly heard: Signal<number> = signal(0);
  readonly #id: string;
  readonly #parts: HostModelParts;
  readonly #stopListening: () => void;
  readonly #uptimeTimer: ReturnType<typeof setInterval>;
  #detailsTimer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(id: string, parts: HostModelParts) {
    this.#id = id;
    this.#parts = parts;
    parts.live.watchHosts([id]);
    this.#stopListening = parts.live.listen({
      hosts: (hosts) => this.#take(hosts),
      monitors: ({ changed, deleted }) => {
        if (deleted.includes(id)) this.failure.value = "missing";
        else if (changed.includes(id)) void this.#loadHost();
      },
      incidents: () => void this.#loadIncidents(),
      reset: () => this.refresh(),
    });
    this.#uptimeTimer = setInterval(() => void this.#loadUptimes(), uptimeEveryMs);
    this.refresh();
  }

  refresh(): void {
    void this.#loadHost();
    void this.#loadUptimes();
    void this.#loadIncidents();
    this.heard.value += 1;
  }

  put(changed: HostDetailView): void {
    this.host.value = changed;
  }

  async olderIncidents(): Promise<void> {
    const former = this.incidents.value;
    if (former === null || former.next_cursor === null) return;
    const reply = await this.#askIncidents(former.next_cursor);
    if (reply.kind === "failed" || this.incidents.value !== former) return;
    this.incidents.value = {
      items: [...former.items, ...reply.value.items],
      next_cursor: reply.value.next_cursor,
    };
  }

  putIncident(changed: IncidentView): void {
    const page = this.incidents.value;
    if (page === null) return;
    const items = page.items.map((one) => (one.id === changed.id ? changed : one));
    this.incidents.value = { ...page, items };
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#stopListening();
    clearTimeout(this.#detailsTimer);
    clearInterval(this.#uptimeTimer);
    this.#parts.live.watchHosts([]);
  }

  #askIncidents(cursor: string | null): ReturnType<Client["incidents"]> {
    return this.#parts.client.incidents({
      monitor: this.#id,
      limit: incidentsAtOnce,
      ...(cursor === null ? {} : { cursor }),
    });
  }

  async #loadHost(): Promise<void> {
    clearTimeout(this.#detailsTimer);
    this.#detailsTimer = undefined;
    const reply = await this.#parts.client.host(this.#id);
    if (this.#isOver) return;
    if (reply.kind === "ok") {
      this.host.value = reply.value;
      this.failure.value = null;
    } else this.failure.value = isMissing(reply.failure) ? "missing" : reply.failure;
  }

  async #loadUptimes(): Promise<void> {
    const to = this.#parts.now();
    const replies = await Promise.all(
      uptimeDays.map((days) =>
        this.#parts.client.uptime(this.#id, { from: to - days * dayMs, to }),
      ),
    );
    if (this.#isOver) return;
    const former = this.uptimes.value;
    this.uptimes.value = replies.map((reply, i) =>
      reply.kind === "ok" ? reply.value : (former[i] ?? null),
    );
  }

  async #loadIncidents(): Promise<void> {
    const reply = await this.#askIncidents(null);
    if (!this.#isOver && reply.kind === "ok") this.incidents.value = reply.value;
  }

  #take(hosts: readonly HostView[]): void {
    const fresh = hosts.find((one) => one.id === this.#id);
    const former = this.host.value;
    if (fresh === undefined || former === null) return;
    if (fresh.status !== former.status) void this.#loadUptimes();
    this.host.value = { ...former, ...fresh };
    this.heard.value += 1;
    this.#detailsTimer ??= setTimeout(() => void this.#loadHost(), detailsEveryMs);
  }
}
