/**
 * Something the hub is asked for, kept fresh: asked again when incidents change, when events were missed, and every so
 * often while somebody looks. An answer that fails leaves what is shown, and says why.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Failure, Reply } from "../api/failure.ts";
import { afterOpening } from "./after-opening.ts";
import type { Live } from "./stream.ts";

export interface Followed<T> extends Disposable {
  /** null before the first answer. */
  readonly value: Signal<T | null>;
  /** Why the last answer was none. */
  readonly failure: ReadonlySignal<Failure | null>;
  refresh(): void;
}

export interface FollowedParts<T> {
  readonly live: Pick<Live, "listen" | "opened">;
  readonly ask: () => Promise<Reply<T>>;
  /** Whether somebody can see the page. */
  readonly isSeen: () => boolean;
  /** ms between two questions that nothing provoked; null: only when something changes. */
  readonly everyMs: number | null;
  /** Puts an answer together with what was shown before. */
  readonly merge?: (fresh: T, former: T | null) => T;
}

/** Many incidents may change at once; they are asked for no more often than this. */
const gatherMs = 700;

/** Starts to follow. */
export function createFollowed<T>(parts: FollowedParts<T>): Followed<T> {
  const value: Signal<T | null> = signal(null);
  const failure: Signal<Failure | null> = signal(null);
  let soon: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  let isOver = false;

  async function load(): Promise<void> {
    clearTimeout(soon);
    soon = undefined;
    asked += 1;
    const mine = asked;
    const reply = await parts.ask();
    // An answer that was overtaken by a later question is older than what is shown.
    if (isOver || mine !== asked) return;
    failure.value = reply.kind === "ok" ? null : reply.failure;
    if (reply.kind === "ok") value.value = parts.merge?.(reply.value, value.peek()) ?? reply.value;
  }

  const timer =
    parts.everyMs === null
      ? undefined
      : setInterval(() => parts.isSeen() && void load(), parts.everyMs);
  const stopListening = parts.live.listen({
    incidents: () => (soon ??= setTimeout(() => void load(), gatherMs)),
    reset: () => void load(),
  });
  const stopWaiting = afterOpening(parts.live, () => void load());
  void load();
  return {
    value,
    failure,
    refresh: () => void load(),
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
      clearTimeout(soon);
      stopListening();
      stopWaiting();
    },
  };
}
