/** How many incidents are open, for the header: counted anew when any changes. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Client } from "../api/client.ts";
import { afterOpening } from "../live/after-opening.ts";
import type { Live } from "../live/stream.ts";

export interface OpenIncidents extends Disposable {
  /** `isMore`: there are more than were counted. */
  readonly count: ReadonlySignal<{ readonly count: number; readonly isMore: boolean }>;
}

export interface OpenIncidentsParts {
  readonly client: Pick<Client, "incidents">;
  readonly live: Pick<Live, "listen" | "opened">;
}

const most = 99;
/** In a storm incidents change all the time. */
const gatherMs = 1500;

/** Starts to count; what cannot be counted now leaves the last count. */
export function createOpenIncidents({ client, live }: OpenIncidentsParts): OpenIncidents {
  const count: Signal<{ count: number; isMore: boolean }> = signal({ count: 0, isMore: false });
  let soon: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  async function load(): Promise<void> {
    clearTimeout(soon);
    soon = undefined;
    const reply = await client.incidents({ open: true, limit: most });
    if (isOver || reply.kind === "failed") return;
    count.value = { count: reply.value.items.length, isMore: reply.value.next_cursor !== null };
  }

  const stopListening = live.listen({
    incidents: () => (soon ??= setTimeout(() => void load(), gatherMs)),
    reset: () => void load(),
  });
  const stopWaiting = afterOpening(live, () => void load());
  return {
    count,
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(soon);
      stopListening();
      stopWaiting();
    },
  };
}
