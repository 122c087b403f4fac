/** The lines of the last hour of the hosts that can be seen, and of no others: fetched in batches, anew every minute. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { HostSparklinesView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";

/** Means of the last hour, oldest first; null where there was no sample. */
export type Sparkline = Omit<HostSparklinesView["items"][number], "id">;

export interface Sparklines extends Disposable {
  of(id: string): ReadonlySignal<Sparkline | undefined>;
  /** Names what is in view now. */
  see(ids: readonly string[]): void;
  /** What is in view is fetched anew. */
  refresh(): void;
}

interface Entry {
  readonly line: Signal<Sparkline | undefined>;
  fetchedAt: number;
}

const freshMs = 60_000;
const gatherMs = 60;
const atOnce = 100;

/** Makes the keeper. `now` is epoch ms. */
export function createSparklines(
  client: Pick<Client, "hostSparklines">,
  now: () => number,
): Sparklines {
  const entries = new Map<string, Entry>();
  let seen: readonly string[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const aging = setInterval(gather, freshMs / 4);

  function entryOf(id: string): Entry {
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = { line: signal(undefined), fetchedAt: 0 };
      entries.set(id, entry);
    }
    return entry;
  }

  function gather(): void {
    clearTimeout(gathering);
    gathering = setTimeout(() => void fetchStale(), gatherMs);
  }

  async function fetchStale(): Promise<void> {
    const at = now();
    const stale = seen.filter((id) => at - entryOf(id).fetchedAt >= freshMs).slice(0, atOnce);
    if (stale.length === 0) return;
    for (const id of stale) entryOf(id).fetchedAt = at;
    const reply = await client.hostSparklines(stale);
    if (reply.kind === "failed") {
      // Not before the next round: a hub in trouble is not asked more often.
      for (const id of stale) entryOf(id).fetchedAt = at - (freshMs * 3) / 4;
      return;
    }
    for (const item of reply.value.items) entryOf(item.id).line.value = item;
    if (seen.some((id) => entryOf(id).fetchedAt === 0)) gather();
  }

  return {
    of: (id) => entryOf(id).line,
    see(ids) {
      seen = ids;
      gather();
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
