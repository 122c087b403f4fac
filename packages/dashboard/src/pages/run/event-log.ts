/** The events of a run, the oldest first, kept live: after a change only the last page is fetched anew. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { KeptEventView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";

export interface EventLog extends Disposable {
  /** null before the first answer. */
  readonly events: ReadonlySignal<readonly KeptEventView[] | null>;
  readonly failed: ReadonlySignal<boolean>;
  /** Fetches what is new. */
  follow(): void;
  /** Fetches everything anew. */
  refresh(): void;
}

const atOnce = 200;

/** Starts to read the log. */
export function createEventLog(id: string, client: Pick<Client, "runEvents">): EventLog {
  const events: Signal<readonly KeptEventView[] | null> = signal(null);
  const failed = signal(false);
  const kept = new Map<string, KeptEventView>();
  /** Leads to the last page; null: there is one page. */
  let lastPage: string | null = null;
  let isReading = false;
  let isAskedAgain = false;
  let isOver = false;

  async function read(): Promise<void> {
    if (isReading) {
      isAskedAgain = true;
      return;
    }
    isReading = true;
    do {
      isAskedAgain = false;
      // oxlint-disable-next-line no-await-in-loop -- what came meanwhile is read afterwards
      await readOn();
    } while (isAskedAgain && !isOver);
    isReading = false;
  }

  async function readOn(): Promise<void> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a page names the next one
      const reply = await client.runEvents(id, { limit: atOnce, cursor: lastPage });
      if (isOver) return;
      failed.value = reply.kind === "failed";
      if (reply.kind === "failed") return;
      for (const event of reply.value.items) kept.set(event.idempotency_key, event);
      if (reply.value.next_cursor === null) break;
      lastPage = reply.value.next_cursor;
    }
    events.value = [...kept.values()].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  void read();
  return {
    events,
    failed,
    follow: () => void read(),
    refresh() {
      kept.clear();
      lastPage = null;
      void read();
    },
    [Symbol.dispose]() {
      isOver = true;
    },
  };
}
