/** What is sent from a form, one at a time. */
import { useSignal, type ReadonlySignal } from "@preact/signals";

interface Submit {
  /** Whether something is under way. */
  readonly busy: ReadonlySignal<boolean>;
  /** Handles the event of the form; nothing is sent while something is under way. */
  readonly submit: (event: Event) => void;
}

/** `send` says for itself how it went. */
export function useSubmit(send: () => Promise<void>): Submit {
  const busy = useSignal(false);
  async function run(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    await send();
    busy.value = false;
  }
  return {
    busy,
    submit(event) {
      event.preventDefault();
      void run();
    },
  };
}
