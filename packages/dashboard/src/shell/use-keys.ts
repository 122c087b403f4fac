/** Binds keys while a component is shown. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { isForPage } from "./keys.ts";

export type KeyMap = Readonly<Record<string, () => void>>;

/** Calls the function of a pressed key, where the press is meant for the page. */
export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  // As soon as it can be seen: a key pressed at once is not lost.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { activeElement } = document;
      const typing =
        activeElement instanceof HTMLElement &&
        (activeElement.matches("input:not([type=checkbox],[type=radio]), textarea, select") ||
          activeElement.isContentEditable);
      const dialogOpen = document.querySelector("dialog[open]") !== null;
      if (!isForPage(event, { typing, dialogOpen })) return;
      const act = Object.hasOwn(latest.current, event.key) ? latest.current[event.key] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
