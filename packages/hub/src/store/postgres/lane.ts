/** Work that runs side by side up to a bound, begun in the order in which it came. */
export interface Lane {
  add(work: () => Promise<void>): void;
  /** Resolves when nothing runs or waits. */
  settled(): Promise<void>;
}

/** Makes a lane for `width` pieces of work at a time; the work must not reject. */
export function createLane(width: number): Lane {
  let waiting: (() => Promise<void>)[] = [];
  let running = 0;
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  const next = (): void => {
    while (running < width && waiting.length > 0) {
      const [work, ...rest] = waiting;
      waiting = rest;
      if (work === undefined) return;
      running += 1;
      void work().finally(() => {
        running -= 1;
        if (running === 0 && waiting.length === 0) idle.resolve();
        else next();
      });
    }
  };

  return {
    add(work) {
      if (running === 0 && waiting.length === 0) idle = Promise.withResolvers<void>();
      waiting.push(work);
      next();
    },
    settled: () => idle.promise,
  };
}
