/** The present, to the second, for everything that counts time; stands still while the page is hidden. */
import { signal, type ReadonlySignal } from "@preact/signals";

/** Starts the clock of a page. */
export function createTicking(document: Document): ReadonlySignal<number> {
  const now = signal(Date.now());
  let timer: ReturnType<typeof setInterval> | undefined;
  const follow = (): void => {
    clearInterval(timer);
    if (document.hidden) return;
    now.value = Date.now();
    timer = setInterval(() => (now.value = Date.now()), 1000);
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return now;
}
