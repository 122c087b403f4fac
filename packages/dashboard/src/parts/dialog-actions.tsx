/** The last row of a dialog with a form. */
import type { ReadonlySignal, Signal } from "@preact/signals";

interface ActionsProps {
  readonly open: Signal<boolean>;
  readonly busy: ReadonlySignal<boolean>;
  /** What the form does, and what it says while it does that. */
  readonly verb: string;
  readonly busyVerb: string;
  /** `bad`: what cannot be taken back. */
  readonly tone: "main" | "bad";
  readonly disabled?: boolean;
}

/** Draws “Cancel”, and the button that submits. */
export function DialogActions({ open, busy, verb, busyVerb, tone, disabled }: ActionsProps) {
  return (
    <div class="dialog-actions">
      <button type="button" onClick={() => (open.value = false)}>
        Cancel
      </button>
      <button type="submit" class={`button-${tone}`} disabled={disabled === true || busy.value}>
        {busy.value ? busyVerb : verb}
      </button>
    </div>
  );
}
