/**
 * What was of a monitor: how much of the time it was up over four spans, and its incidents, kept live. Of a host, it is
 * that of the monitor that follows it, which has its id.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { IncidentView, UptimeView } from "@belfry/contract";
import type { Client, Page } from "../api/client.ts";
import type { Reply } from "../api/failure.ts";
import { appendNextPage } from "../api/next-page.ts";
import type { Live } from "./stream.ts";

/** Spans uptime is shown over, in days. */
export const uptimeDays = [1, 7, 30, 90] as const;

export interface Past extends Disposable {
  /** In the order of `uptimeDays`; null where nothing is known yet. */
  readonly uptimes: ReadonlySignal<readonly (UptimeView | null)[]>;
  /** Newest first, as far as they are loaded; null before the first answer. */
  readonly incidents: ReadonlySignal<Page<IncidentView> | null>;
  /** Reads both anew; incidents from the newest on. */
  refresh(): void;
  readUptimes(): void;
  /** Puts the next page of incidents behind those loaded. */
  olderIncidents(): Promise<void>;
  /** Takes in a changed incident, where it is one of those loaded. */
  putIncident(incident: IncidentView): void;
}

export interface PastParts {
  readonly client: Pick<Client, "uptime" | "incidents">;
  readonly live: Pick<Live, "listen">;
  /** Epoch ms. */
  readonly now: () => number;
}

const dayMs = 86_400_000;
const uptimeEveryMs = 60_000;

/** Keeps the past of a monitor; nothing is known before the first `refresh`. */
export function createPast(id: string, incidentsAtOnce: number, parts: PastParts): Past {
  const { client, live, now } = parts;
  const uptimes: Signal<readonly (UptimeView | null)[]> = signal(uptimeDays.map(() => null));
  const incidents: Signal<Page<IncidentView> | null> = signal(null);
  const stopListening = live.listen({ incidents: () => void loadIncidents() });
  const timer = setInterval(() => void loadUptimes(), uptimeEveryMs);
  let isOver = false;

  async function loadUptimes(): Promise<void> {
    const to = now();
    const replies = await Promise.all(
      uptimeDays.map((days) => client.uptime(id, { from: to - days * dayMs, to })),
    );
    if (isOver) return;
    const former = uptimes.value;
    uptimes.value = replies.map((reply, i) =>
      reply.kind === "ok" ? reply.value : (former[i] ?? null),
    );
  }

  function askIncidents(cursor: string | null): Promise<Reply<Page<IncidentView>>> {
    const limit = incidentsAtOnce;
    return client.incidents({ monitor: id, limit, ...(cursor === null ? {} : { cursor }) });
  }

  async function loadIncidents(): Promise<void> {
    const reply = await askIncidents(null);
    if (!isOver && reply.kind === "ok") incidents.value = reply.value;
  }

  return {
    uptimes,
    incidents,
    refresh() {
      void loadUptimes();
      void loadIncidents();
    },
    readUptimes: () => void loadUptimes(),
    olderIncidents: () => appendNextPage(incidents, askIncidents),
    putIncident(changed) {
      const page = incidents.value;
      if (page === null) return;
      const items = page.items.map((one) => (one.id === changed.id ? changed : one));
      incidents.value = { ...page, items };
    },
    [Symbol.dispose]() {
      isOver = true;
      stopListening();
      clearInterval(timer);
    },
  };
}
