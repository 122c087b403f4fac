/**
 * Hints between processes: sent together a moment after the first, and told to whoever listens, one call at a time. While
 * nobody can be heard, whoever listens is told every two seconds, and every ten in any case.
 */
import { hintTopics, type HintTopic } from "../model/fleet.ts";

/** What hints travel by. */
export interface HintCarrier {
  hint(topics: readonly HintTopic[]): Promise<void>;
  /** `lost`: nobody can be heard, or could not be until now. */
  onHint(listener: (topics: readonly HintTopic[] | "lost" | "heard") => void): void;
}

export interface Hints extends Disposable {
  send(topics: readonly HintTopic[]): void;
  on(topics: readonly HintTopic[], listener: () => Promise<void> | void): void;
}

interface Listener {
  readonly topics: ReadonlySet<HintTopic>;
  readonly call: () => Promise<void> | void;
  isBusy: boolean;
  isWanted: boolean;
}

/** What is sent within so long after the first is sent with it, ms. */
const gatherMs = 40;
const deafEveryMs = 2_000;
const lookEveryMs = 10_000;

/** Makes them. */
export function createHints(carrier: HintCarrier): Hints {
  const listeners: Listener[] = [];
  const waiting = new Set<HintTopic>();
  let sendTimer: NodeJS.Timeout | undefined;
  let isDeaf = true;
  let isOver = false;
  let lookTimer: NodeJS.Timeout | undefined;

  /** Calls it, and once more where it was wanted meanwhile. */
  async function call(listener: Listener): Promise<void> {
    listener.isWanted = true;
    if (listener.isBusy) return;
    listener.isBusy = true;
    while (listener.isWanted && !isOver) {
      listener.isWanted = false;
      try {
        await listener.call();
      } catch {
        // It reported its failure itself; the next hint or look is its next try.
      }
    }
    listener.isBusy = false;
  }

  function tell(topics: readonly HintTopic[]): void {
    for (const listener of listeners) {
      if (topics.some((topic) => listener.topics.has(topic))) void call(listener);
    }
  }

  function lookLater(): void {
    clearTimeout(lookTimer);
    if (isOver) return;
    lookTimer = setTimeout(
      () => {
        tell(hintTopics);
        lookLater();
      },
      isDeaf ? deafEveryMs : lookEveryMs,
    );
    lookTimer.unref();
  }

  carrier.onHint((topics) => {
    if (isOver) return;
    if (topics === "lost" || topics === "heard") {
      isDeaf = topics === "lost";
      tell(hintTopics);
      lookLater();
    } else tell(topics);
  });
  lookLater();

  return {
    send(topics) {
      for (const topic of topics) waiting.add(topic);
      if (isOver || waiting.size === 0) return;
      sendTimer ??= setTimeout(() => {
        sendTimer = undefined;
        const all = [...waiting];
        waiting.clear();
        // Best effort: whoever misses it looks a little later.
        carrier.hint(all).catch(() => undefined);
      }, gatherMs);
    },
    on(topics, call) {
      listeners.push({ topics: new Set(topics), call, isBusy: false, isWanted: false });
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(sendTimer);
      clearTimeout(lookTimer);
    },
  };
}
