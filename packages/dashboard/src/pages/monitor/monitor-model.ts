/** One monitor and its last checks, kept live. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { HistoryRow, LiveCheck, MonitorView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import type { Reply } from "../../api/failure.ts";
import { appendNextPage } from "../../api/next-page.ts";
import type { Live } from "../../live/stream.ts";
import { createSubject, type Subject } from "../../live/subject.ts";
import { withCheck } from "../../live/with-check.ts";

export interface MonitorModel extends Subject<MonitorView> {
  readonly history: ReadonlySignal<Page<HistoryRow> | null>;
  /** Only checks that did not find it up. */
  readonly failuresOnly: ReadonlySignal<boolean>;
  /** Counts the checks that were heard of: what follows checks follows this. */
  readonly heard: ReadonlySignal<number>;
  showFailuresOnly(on: boolean): void;
  olderChecks(): Promise<void>;
}

export interface MonitorModelParts {
  readonly client: Pick<Client, "monitor" | "uptime" | "incidents" | "history">;
  readonly live: Pick<Live, "listen" | "watch">;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A monitor checked every second has its list of checks fetched no more often than this. */
const historyEveryMs = 2000;
const checksAtOnce = 30;
const incidentsAtOnce = 10;
const failedStatuses = "DOWN,TIMEOUT,ERROR,UNKNOWN";

/** Starts the model of one monitor. */
export function createMonitorModel(id: string, parts: MonitorModelParts): MonitorModel {
  const { client, live, now } = parts;
  const history: Signal<Page<HistoryRow> | null> = signal(null);
  const failuresOnly = signal(false);
  const heard = signal(0);
  let historyTimer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  live.watch([id]);
  const subject = createSubject<MonitorView>(id, {
    client,
    live,
    now,
    incidentsAtOnce,
    ask: () => client.monitor(id),
    onRefresh: () => void loadHistory(),
  });
  const stopListening = live.listen({ checks: take });

  function askHistory(cursor: string | null): Promise<Reply<Page<HistoryRow>>> {
    return client.history(id, {
      limit: checksAtOnce,
      ...(failuresOnly.value ? { status: failedStatuses } : {}),
      ...(cursor === null ? {} : { cursor }),
    });
  }

  async function loadHistory(): Promise<void> {
    clearTimeout(historyTimer);
    historyTimer = undefined;
    const wanted = failuresOnly.value;
    const reply = await askHistory(null);
    if (isOver || reply.kind === "failed" || wanted !== failuresOnly.value) return;
    history.value = reply.value;
  }

  function take(checks: readonly LiveCheck[]): void {
    const check = checks.find((one) => one.id === id);
    const former = subject.view.value;
    if (check === undefined || former === null) return;
    subject.hear(withCheck(former, check));
    heard.value += 1;
    historyTimer ??= setTimeout(() => void loadHistory(), historyEveryMs);
  }

  return {
    ...subject,
    history,
    failuresOnly,
    heard,
    showFailuresOnly(on) {
      failuresOnly.value = on;
      void loadHistory();
    },
    olderChecks: () => appendNextPage(history, askHistory),
    [Symbol.dispose]() {
      isOver = true;
      subject[Symbol.dispose]();
      stopListening();
      clearTimeout(historyTimer);
      live.watch([]);
    },
  };
}
