/**
 * Holds changes back while somebody points at what would move. A pointer that rests is no longer somebody: a screen on
 * a wall must not stand still because a mouse was left lying on it.
 */

export interface Hold extends Disposable {
  /** true for every sign of somebody pointing; false when they have left. */
  set(on: boolean): void;
  /** Calls now, or once the hold has ended; of several calls meanwhile the last one counts. */
  run(action: () => void): void;
}

/** After this long without a sign, the hold ends by itself. */
export const restMs = 30_000;

/** Makes a hold that is off. */
export function createHold(): Hold {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: (() => void) | undefined;
  function end(): void {
    clearTimeout(timer);
    timer = undefined;
    const action = waiting;
    waiting = undefined;
    action?.();
  }
  return {
    set(on) {
      clearTimeout(timer);
      if (on) timer = setTimeout(end, restMs);
      else end();
    },
    run(action) {
      if (timer === undefined) action();
      else waiting = action;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      waiting = undefined;
    },
  };
}
