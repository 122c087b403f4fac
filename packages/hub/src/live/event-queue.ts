/** Texts from one writer to one reader, in order. The writer never waits; what is not taken yet is counted. */
export interface EventQueue extends AsyncIterable<string> {
  /** Characters that were pushed and not taken yet. */
  readonly length: number;
  /** Ignored after the end. */
  push(text: string): void;
  /** What is queued is dropped; the reader sees the end. */
  end(): void;
}

/** Makes a queue. `onEnd` is called once, when either side ends it. */
export function createEventQueue(onEnd: () => void): EventQueue {
  const texts: string[] = [];
  let length = 0;
  let ended = false;
  let wake: (() => void) | null = null;
  function end(): void {
    if (ended) return;
    ended = true;
    texts.length = 0;
    length = 0;
    onEnd();
    wake?.();
  }
  /** All that is queued, as one text. */
  async function take(): Promise<IteratorResult<string, undefined>> {
    while (texts.length === 0 && !ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
      wake = null;
    }
    if (ended) return { done: true, value: undefined };
    const value = texts.join("");
    texts.length = 0;
    length = 0;
    return { done: false, value };
  }
  return {
    get length() {
      return length;
    },
    push(text) {
      if (ended) return;
      texts.push(text);
      length += text.length;
      wake?.();
    },
    end,
    [Symbol.asyncIterator]: () => ({
      next: take,
      return: () => {
        end();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
}
