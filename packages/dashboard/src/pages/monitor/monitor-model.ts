/**
 * One monitor and what was of it: its state, uptime over four spans, incidents and last checks, kept live. Every part
 * is fetched by itself and may fail by itself: a page is still useful when one of them is missing.
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import type {
  HistoryRow,
  IncidentView,
  LiveCheck,
  MonitorView,
  UptimeView,
} from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import { isMissing, type Failure, type Reply } from "../../api/failure.ts";
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
  const { client, live, now } = parts;
  const monitor = signal<MonitorView | null>(null);
  const failure = signal<Failure | "missing" | null>(null);
  const uptimes = signal<readonly (UptimeView | null)[]>(uptimeDays.map(() => null));
  const incidents = signal<Page<IncidentView> | null>(null);
  const history = signal<Page<HistoryRow> | null>(null);
  const failuresOnly = signal(false);
  const heard = signal(0);
  let historyTimer: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  const askHistory = (cursor: string | null): Promise<Reply<Page<HistoryRow>>> =>
    client.history(id, {
      limit: checksAtOnce,
      ...(failuresOnly.value ? { status: failedStatuses } : {}),
      ...(cursor === null ? {} : { cursor }),
    });
  const askIncidents = (cursor: string | null): Promise<Reply<Page<IncidentView>>> =>
    client.incidents({
      monitor: id,
      limit: incidentsAtOnce,
      ...(cursor === null ? {} : { cursor }),
    });

  async function loadMonitor(): Promise<void> {
    const reply = await client.monitor(id);
    if (over) return;
    if (reply.kind === "ok") {
      monitor.value = reply.value;
      failure.value = null;
    } else failure.value = isMissing(reply.failure) ? "missing" : reply.failure;
  }

  async function loadUptimes(): Promise<void> {
    const to = now();
    const replies = await Promise.all(
      uptimeDays.map((days) => client.uptime(id, { from: to - days * dayMs, to })),
    );
    if (over) return;
    uptimes.value = replies.map((reply, i) =>
      reply.kind === "ok" ? reply.value : (uptimes.value[i] ?? null),
    );
  }

  async function loadIncidents(): Promise<void> {
    const reply = await askIncidents(null);
    if (!over && reply.kind === "ok") incidents.value = reply.value;
  }

  async function loadHistory(): Promise<void> {
    clearTimeout(historyTimer);
    historyTimer = undefined;
    const reply = await askHistory(null);
    if (!over && reply.kind === "ok") history.value = reply.value;
  }

  function refresh(): void {
    void loadMonitor();
    void loadUptimes();
    void loadIncidents();
    void loadHistory();
  }

  function take(checks: readonly LiveCheck[]): void {
    const check = checks.find((one) => one.id === id);
    const former = monitor.value;
    if (check === undefined || former === null) return;
    if (check.status !== former.status) void loadUptimes();
    monitor.value = {
      ...former,
      status: check.status,
      status_since: check.status_since,
      flapping: check.flapping,
      last_check: check.last_check ?? former.last_check,
    };
    heard.value += 1;
    historyTimer ??= setTimeout(() => void loadHistory(), historyEveryMs);
  }

  live.watch([id]);
  const stopListening = live.listen({
    checks: take,
    monitors: ({ changed, deleted }) => {
      if (deleted.includes(id)) failure.value = "missing";
      else if (changed.includes(id)) void loadMonitor();
    },
    incidents: () => void loadIncidents(),
    reset: refresh,
  });
  const uptimeTimer = setInterval(() => void loadUptimes(), uptimeEveryMs);
  refresh();

  return {
    monitor,
    failure,
    uptimes,
    incidents,
    history,
    failuresOnly,
    heard,
    refresh,
    put: (changed) => (monitor.value = changed),
    showFailuresOnly(on) {
      failuresOnly.value = on;
      void loadHistory();
    },
    olderChecks: () => older(history, askHistory),
    olderIncidents: () => older(incidents, askIncidents),
    putIncident(changed) {
      if (incidents.value === null) return;
      const items = incidents.value.items.map((one) => (one.id === changed.id ? changed : one));
      incidents.value = { ...incidents.value, items };
    },
    [Symbol.dispose]() {
      over = true;
      stopListening();
      clearTimeout(historyTimer);
      clearInterval(uptimeTimer);
      live.watch([]);
    },
  };
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
