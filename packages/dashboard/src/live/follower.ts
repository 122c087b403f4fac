/**
 * When what a chart shows is fetched: whole when something else is to be shown, and only what is new after something
 * was heard. A newer request ends the one under way; while somebody looks closely nothing new is fetched.
 */
import { createHold } from "./hold.ts";

export interface Follower extends Disposable {
  /** true for every sign of somebody looking closely; false when they have left. */
  hold(on: boolean): void;
  /** Loads the whole at once. */
  reload(): void;
  /** Loads what is new, `waitMs` from now, or at the end of the hold where that is later; further calls until then add nothing. */
  follow(waitMs: number): void;
}

/** Loads; with `followed`, only what is new. `aborted` when something newer is asked for. */
export type Load = (followed: boolean, aborted: AbortSignal) => Promise<void>;

/** Makes a follower that has nothing to do yet. */
export function createFollower(load: Load): Follower {
  const hold = createHold();
  let request = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function start(followed: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    request.abort();
    request = new AbortController();
    void load(followed, request.signal);
  }

  return {
    hold: (on) => hold.set(on),
    reload: () => start(false),
    follow(waitMs) {
      timer ??= setTimeout(() => {
        timer = undefined;
        hold.run(() => start(true));
      }, waitMs);
    },
    [Symbol.dispose]() {
      hold[Symbol.dispose]();
      clearTimeout(timer);
      request.abort();
    },
  };
}
