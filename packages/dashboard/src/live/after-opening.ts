/** What is fetched before a stream is open may be older than the first thing the stream tells. */
import { effect, untracked } from "@preact/signals";
import type { Live } from "./stream.ts";

/** Acts once, when the next stream is open; the returned function ends the waiting. */
export function afterOpening(live: Pick<Live, "opened">, act: () => void): () => void {
  const before = live.opened.peek();
  let isDone = false;
  return effect(() => {
    if (isDone || live.opened.value === before) return;
    isDone = true;
    untracked(act);
  });
}
