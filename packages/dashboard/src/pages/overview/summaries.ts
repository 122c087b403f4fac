/**
 * Summaries of the monitors that can be seen, and of no others: fetched in batches when they come into view, anew when
 * they are older than a minute and still there, and kept right in between by what the stream says.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { LiveCheck, MonitorSummary } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { worseOf } from "../../parts/status-words.ts";

export interface Summaries extends Disposable {
  of(id: string): ReadonlySignal<MonitorSummary | undefined>;
  /** Names what is in view now. */
  see(ids: readonly string[]): void;
  /** Takes in a check of a monitor. */
  note(check: LiveCheck): void;
  /** What is in view is fetched anew. */
  refresh(): void;
}

interface Entry {
  readonly summary: Signal<MonitorSummary | undefined>;
  fetchedAt: number;
}

const freshMs = 60_000;
/** Of a monitor that is new, more is known soon. */
const freshWhileUnknownMs = 15_000;
const gatherMs = 40;
const batch = 100;

/** Makes the keeper. `now` is epoch ms. */
export function createSummaries(client: Pick<Client, "summaries">, now: () => number): Summaries {
  const entries = new Map<string, Entry>();
  let seen: readonly string[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const aging = setInterval(gather, freshMs / 4);

  function entryOf(id: string): Entry {
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = { summary: signal(undefined), fetchedAt: 0 };
      entries.set(id, entry);
    }
    return entry;
  }

  function freshFor(id: string): number {
    return entryOf(id).summary.peek()?.uptime_ratio === null ? freshWhileUnknownMs : freshMs;
  }

  function gather(): void {
    clearTimeout(gathering);
    gathering = setTimeout(() => void fetchStale(), gatherMs);
  }

  async function fetchStale(): Promise<void> {
    const at = now();
    const stale = seen.filter((id) => at - entryOf(id).fetchedAt >= freshFor(id)).slice(0, batch);
    if (stale.length === 0) return;
    for (const id of stale) entryOf(id).fetchedAt = at;
    const reply = await client.summaries(stale);
    if (reply.kind === "failed") {
      // Not before the next round: a hub in trouble is not asked more often.
      for (const id of stale) entryOf(id).fetchedAt = at - (freshMs * 3) / 4;
      return;
    }
    for (const item of reply.value.items) entryOf(item.id).summary.value = item;
    if (seen.some((id) => entryOf(id).fetchedAt === 0)) gather();
  }

  return {
    of: (id) => entryOf(id).summary,
    see(ids) {
      seen = ids;
      gather();
    },
    note(check) {
      const entry = entries.get(check.id);
      if (entry?.summary.value === undefined) return;
      entry.summary.value = withCheck(entry.summary.value, check);
    },
    refresh() {
      for (const id of seen) entryOf(id).fetchedAt = 0;
      gather();
    },
    [Symbol.dispose]() {
      clearTimeout(gathering);
      clearInterval(aging);
    },
  };
}

/** A summary with one more check in its last slot; unchanged for a check outside of it. */
export function withCheck(summary: MonitorSummary, check: LiveCheck): MonitorSummary {
  const last = summary.bar.length - 1;
  const checkedAt = Date.parse(check.last_check?.checked_at ?? check.status_since);
  const slot = Math.floor((checkedAt - Date.parse(summary.from)) / (summary.slot_seconds * 1000));
  if (slot !== last) return summary;
  const status = worseOf(summary.bar[last] ?? null, check.status);
  const known = summary.latency_ms[last] ?? null;
  const latency = known ?? check.last_check?.latency_ms ?? null;
  if (status === summary.bar[last] && latency === known) return summary;
  return {
    ...summary,
    bar: summary.bar.with(last, status),
    latency_ms: summary.latency_ms.with(last, latency),
  };
}
