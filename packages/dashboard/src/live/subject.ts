/**
 * What a page is about, a monitor or a host: how it is, kept live, and its past. Each is fetched by itself and may fail
 * by itself: a page is still useful when one of them is missing.
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { isMissing, type Failure, type Reply } from "../api/failure.ts";
import { createPast, type Past, type PastParts } from "./past.ts";

export interface Subject<View> extends Disposable {
  /** As it was last heard of; null before the first answer. */
  readonly view: ReadonlySignal<View | null>;
  /** `missing`: there is no such thing (any more). */
  readonly failure: ReadonlySignal<Failure | "missing" | null>;
  readonly past: Past;
  /** Fetches everything anew. */
  refresh(): void;
  /** Fetches how it is anew. */
  read(): void;
  /** Shows what a change of it was answered with. */
  put(view: View): void;
  /** Takes in what was heard of it; with another status, its uptimes are others as well. */
  hear(view: View): void;
}

export interface SubjectParts<View> extends PastParts {
  /** Asks how it is. */
  readonly ask: () => Promise<Reply<View>>;
  /** Called whenever everything is to be fetched anew. */
  readonly onRefresh: () => void;
  readonly incidentsAtOnce: number;
}

/** Starts to follow the monitor, or the host, of an id. */
export function createSubject<View extends { readonly status: string }>(
  id: string,
  parts: SubjectParts<View>,
): Subject<View> {
  const view: Signal<View | null> = signal(null);
  const failure: Signal<Failure | "missing" | null> = signal(null);
  const past = createPast(id, parts.incidentsAtOnce, parts);
  let isOver = false;
  const stopListening = parts.live.listen({
    // Hosts are among them: each is followed by a monitor of its id.
    monitors: ({ changed, deleted }) => {
      if (deleted.includes(id)) failure.value = "missing";
      else if (changed.includes(id)) void load();
    },
    reset: refresh,
  });

  async function load(): Promise<void> {
    const reply = await parts.ask();
    if (isOver) return;
    if (reply.kind === "ok") {
      view.value = reply.value;
      failure.value = null;
    } else failure.value = isMissing(reply.failure) ? "missing" : reply.failure;
  }

  function refresh(): void {
    void load();
    past.refresh();
    parts.onRefresh();
  }

  refresh();
  return {
    view,
    failure,
    past,
    refresh,
    read: () => void load(),
    put: (changed) => (view.value = changed),
    hear(fresh) {
      if (fresh.status !== view.value?.status) past.readUptimes();
      view.value = fresh;
    },
    [Symbol.dispose]() {
      isOver = true;
      stopListening();
      past[Symbol.dispose]();
    },
  };
}
