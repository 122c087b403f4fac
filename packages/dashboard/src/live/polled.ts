/** What the hub pushes nothing about: asked for again and again while somebody looks. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Failure, Reply } from "../api/failure.ts";
import type { Live } from "./stream.ts";

export interface Polled<T> extends Disposable {
  /** null before the first answer; stays as it was when a later one fails. */
  readonly value: ReadonlySignal<T | null>;
  /** Why the latest try failed; null when it did not. */
  readonly failure: ReadonlySignal<Failure | null>;
  refresh(): void;
}

export interface PolledParts<T> {
  readonly ask: () => Promise<Reply<T>>;
  readonly everyMs: number;
  readonly live: Pick<Live, "listen">;
  /** Whether somebody can see the page. */
  readonly isSeen: () => boolean;
}

/** Starts to ask. While an answer is awaited the clock asks nothing; `refresh` asks once more after it. */
export function createPolled<T>({ ask, everyMs, live, isSeen }: PolledParts<T>): Polled<T> {
  const value: Signal<T | null> = signal(null);
  const failure: Signal<Failure | null> = signal(null);
  const timer = setInterval(() => isSeen() && !isAsking && void load(), everyMs);
  const stopListening = live.listen({ reset: () => void load() });
  let isAsking = false;
  let isWanted = false;
  let isOver = false;

  async function load(): Promise<void> {
    isWanted = true;
    if (isAsking) return;
    isAsking = true;
    while (isWanted && !isOver) {
      isWanted = false;
      const reply = await ask();
      if (isOver) return;
      failure.value = reply.kind === "ok" ? null : reply.failure;
      if (reply.kind === "ok") value.value = reply.value;
    }
    isAsking = false;
  }

  void load();
  return {
    value,
    failure,
    refresh: () => void load(),
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
      stopListening();
    },
  };
}
