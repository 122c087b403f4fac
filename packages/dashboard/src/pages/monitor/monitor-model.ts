/**
 * One monitor and what was of it: its state, uptime over four spans, incidents and last checks, kept live. Every part
 * is fetched by itself and may fail by itself: a page is still useful when one of them is missing.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type {
  HistoryRow,
  IncidentView,
  LiveCheck,
  MonitorView,
  UptimeView,
} from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import { isMissing, type Failure, type Reply } from "../../api/failure.ts";
import { withCheck } from "../../live/with-check.ts";
import type { Live } from "../../live/stream.ts";

/** Spans uptime is shown over, in days. */
export const uptimeDays = [1, 7, 30, 90] as const;

export interface MonitorModel extends Disposable {
  readonly monitor: ReadonlySignal<MonitorView | null>;
  /** `missing`: there is no such monitor (any more). */
  readonly failure: ReadonlySignal<Failure | "missing" | null>;
  /** In the order of `uptimeDays`. */
  readonly uptimes: ReadonlySignal<readonly (UptimeView | null)[]>;
  readonly incidents: ReadonlySignal<Page<IncidentView> | null>;
  readonly history: ReadonlySignal<Page<HistoryRow> | null>;
  /** Only checks that did not find it up. */
  readonly failuresOnly: ReadonlySignal<boolean>;
  /** Counts the checks that were heard of: what follows checks follows this. */
  readonly heard: ReadonlySignal<number>;
  refresh(): void;
  put(monitor: MonitorView): void;
  showFailuresOnly(on: boolean): void;
  olderChecks(): Promise<void>;
  olderIncidents(): Promise<void>;
  putIncident(incident: IncidentView): void;
}

export interface MonitorModelParts {
  readonly client: Pick<Client, "monitor" | "uptime" | "incidents" | "history">;
  readonly live: Pick<Live, "listen" | "watch">;
  /** Epoch ms. */
  readonly now: () => number;
}

const dayMs = 86_400_000;
const uptimeEveryMs = 60_000;
/** A monitor checked every second has its list of checks fetched no more often than this. */
const historyEveryMs = 2000;
const checksAtOnce = 30;
const incidentsAtOnce = 10;
const failedStatuses = "DOWN,TIMEOUT,ERROR,UNKNOWN";

/** Starts the model of one monitor. */
export function createMonitorModel(id: string, parts: MonitorModelParts): MonitorModel {
  return new OneMonitor(id, parts);
}

class OneMonitor implements MonitorModel {
  readonly monitor: Signal<MonitorView | null> = signal(null);
  readonly failure: Signal<Failure | "missing" | null> = signal(null);
  readonly uptimes: Signal<readonly (UptimeView | null)[]> = signal(uptimeDays.map(() => null));
  readonly incidents: Signal<Page<IncidentView> | null> = signal(null);
  readonly history: Signal<Page<HistoryRow> | null> = signal(null);
  readonly failuresOnly: Signal<boolean> = signal(false);
  readonly heard: Signal<number> = signal(0);
  readonly #id: string;
  readonly #parts: MonitorModelParts;
  readonly #stopListening: () => void;
  readonly #uptimeTimer: ReturnType<typeof setInterval>;
  #historyTimer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(id: string, parts: MonitorModelParts) {
    this.#id = id;
    this.#parts = parts;
    parts.live.watch([id]);
    this.#stopListening = parts.live.listen({
      checks: (checks) => this.#take(checks),
      monitors: ({ changed, deleted }) => {
        if (deleted.includes(id)) this.failure.value = "missing";
        else if (changed.includes(id)) void this.#loadMonitor();
      },
      incidents: () => void this.#loadIncidents(),
      reset: () => this.refresh(),
    });
    this.#uptimeTimer = setInterval(() => void this.#loadUptimes(), uptimeEveryMs);
    this.refresh();
  }

  refresh(): void {
    void this.#loadMonitor();
    void this.#loadUptimes();
    void this.#loadIncidents();
    void this.#loadHistory();
  }

  put(changed: MonitorView): void {
    this.monitor.value = changed;
  }

  showFailuresOnly(on: boolean): void {
    this.failuresOnly.value = on;
    void this.#loadHistory();
  }

  async olderChecks(): Promise<void> {
    await older(this.history, (cursor) => this.#askHistory(cursor));
  }

  async olderIncidents(): Promise<void> {
    await older(this.incidents, (cursor) => this.#askIncidents(cursor));
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
    clearTimeout(this.#historyTimer);
    clearInterval(this.#uptimeTimer);
    this.#parts.live.watch([]);
  }

  #askHistory(cursor: string | null): Promise<Reply<Page<HistoryRow>>> {
    return this.#parts.client.history(this.#id, {
      limit: checksAtOnce,
      ...(this.failuresOnly.value ? { status: failedStatuses } : {}),
      ...(cursor === null ? {} : { cursor }),
    });
  }

  #askIncidents(cursor: string | null): Promise<Reply<Page<IncidentView>>> {
    return this.#parts.client.incidents({
      monitor: this.#id,
      limit: incidentsAtOnce,
      ...(cursor === null ? {} : { cursor }),
    });
  }

  async #loadMonitor(): Promise<void> {
    const reply = await this.#parts.client.monitor(this.#id);
    if (this.#isOver) return;
    if (reply.kind === "ok") {
      this.monitor.value = reply.value;
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

  async #loadHistory(): Promise<void> {
    clearTimeout(this.#historyTimer);
    this.#historyTimer = undefined;
    const wanted = this.failuresOnly.value;
    const reply = await this.#askHistory(null);
    if (this.#isOver || reply.kind === "failed" || wanted !== this.failuresOnly.value) return;
    this.history.value = reply.value;
  }

  #take(checks: readonly LiveCheck[]): void {
    const check = checks.find((one) => one.id === this.#id);
    const former = this.monitor.value;
    if (check === undefined || former === null) return;
    if (check.status !== former.status) void this.#loadUptimes();
    this.monitor.value = withCheck(former, check);
    this.heard.value += 1;
    this.#historyTimer ??= setTimeout(() => void this.#loadHistory(), historyEveryMs);
  }
}

/** Puts the next page of a list behind what is shown. */
async function older<T>(
  list: { value: Page<T> | null },
  ask: (cursor: string) => Promise<Reply<Page<T>>>,
): Promise<void> {
  const former = list.value;
  if (former === null || former.next_cursor === null) return;
  const reply = await ask(former.next_cursor);
  if (reply.kind === "failed" || list.value !== former) return;
  list.value = {
    items: [...former.items, ...reply.value.items],
    next_cursor: reply.value.next_cursor,
  };
}
