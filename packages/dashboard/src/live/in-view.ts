/**
 * What is known of the rows that can be seen, and of no others: fetched in batches when they come into view, and anew
 * when it has grown old and they are still there.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Reply } from "../api/failure.ts";

export interface InView<Item> extends Disposable {
  /** undefined as long as nothing is known. */
  of(id: string): ReadonlySignal<Item | undefined>;
  /** Names what is in view now. */
  see(ids: readonly string[]): void;
  /** Changes what is known of a row; nothing happens where nothing is. */
  change(id: string, change: (item: Item) => Item): void;
  /** What is in view is fetched anew. */
  refresh(): void;
}

export interface InViewParts<Item> {
  /** Asks for at most a hundred at once. */
  readonly ask: (ids: readonly string[]) => Promise<Reply<{ readonly items: readonly Item[] }>>;
  /** Epoch ms. */
  readonly now: () => number;
  /** Whether more of it is known soon; left out: never. */
  readonly isYoung?: (item: Item) => boolean;
}

interface Entry<Item> {
  readonly item: Signal<Item | undefined>;
  fetchedAt: number;
}

const freshMs = 60_000;
const freshWhileYoungMs = 15_000;
const gatherMs = 40;
const batch = 100;

/** Makes the keeper. */
export function createInView<Item extends { readonly id: string }>(
  parts: InViewParts<Item>,
): InView<Item> {
  const { ask, now, isYoung = () => false } = parts;
  const entries = new Map<string, Entry<Item>>();
  let seen: readonly string[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const aging = setInterval(gather, freshMs / 4);

  function entryOf(id: string): Entry<Item> {
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = { item: signal(undefined), fetchedAt: 0 };
      entries.set(id, entry);
    }
    return entry;
  }

  function freshFor(id: string): number {
    const item = entryOf(id).item.peek();
    return item !== undefined && isYoung(item) ? freshWhileYoungMs : freshMs;
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
    const reply = await ask(stale);
    if (reply.kind === "failed") {
      // Not before the next round: a hub in trouble is not asked more often.
      for (const id of stale) entryOf(id).fetchedAt = at - (freshMs * 3) / 4;
      return;
    }
    for (const item of reply.value.items) entryOf(item.id).item.value = item;
    if (seen.some((id) => entryOf(id).fetchedAt === 0)) gather();
  }

  return {
    of: (id) => entryOf(id).item,
    see(ids) {
      seen = ids;
      gather();
    },
    change(id, change) {
      const item = entries.get(id)?.item;
      if (item?.value !== undefined) item.value = change(item.value);
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
