/** Keeps the view and the address bar the same. Links of the page are followed without loading it anew. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { base, formatRoute, parseRoute, type View } from "./route.ts";

export interface Router extends Disposable {
  readonly view: ReadonlySignal<View>;
  /** Opens a view as a new step of the history. */
  go(view: View): void;
  /** Changes the address of the present step: for searching and filtering, so that Back leaves the page. */
  replace(view: View): void;
}

/** Makes the router of a window. */
export function createRouter(window: Window): Router {
  const { history, location, document } = window;
  const url = signal(location.pathname + location.search);
  const view = computed(() => parseRoute(url.value));
  const read = (): void => {
    url.value = location.pathname + location.search;
  };
  const go = (next: View): void => {
    const path = formatRoute(next);
    if (path === url.value) return;
    const samePage = pathOf(path) === pathOf(url.value);
    history.pushState(null, "", path);
    read();
    if (!samePage) window.scrollTo(0, 0);
  };
  const follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target !== "" || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(base) || link.hasAttribute("download")) return;
    event.preventDefault();
    go(parseRoute(link.pathname + link.search));
  };
  window.addEventListener("popstate", read);
  document.addEventListener("click", follow);
  return {
    view,
    go,
    replace(next) {
      history.replaceState(null, "", formatRoute(next));
      read();
    },
    [Symbol.dispose]() {
      window.removeEventListener("popstate", read);
      document.removeEventListener("click", follow);
    },
  };
}

/** What is before the query: another query shows the same page. */
function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? url;
}
