/** A part whose code is fetched when it is needed; until then nothing is shown, and a failed load can be repeated. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Notice } from "./notice.tsx";

interface LaterProps<P extends object> {
  readonly load: () => Promise<ComponentType<P>>;
  readonly give: P;
}

/** Shows what `load` brings, with `give` as its properties. */
export function Later<P extends object>({ load, give }: LaterProps<P>) {
  const loaded = useSignal<{ Part: ComponentType<P> } | "loading" | "failed">("loading");
  useEffect(() => {
    load().then(
      (Part) => (loaded.value = { Part }),
      () => (loaded.value = "failed"),
    );
  }, [load]);
  const state = loaded.value;
  if (state === "loading") return <p class="visually-hidden">Loading…</p>;
  if (state === "failed") {
    return (
      <Notice title="This page could not be loaded" tone="bad">
        <p>Belfry may have been updated or is not reachable.</p>
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </Notice>
    );
  }
  return <state.Part {...give} />;
}
