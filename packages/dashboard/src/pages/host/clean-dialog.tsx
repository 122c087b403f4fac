/** Asks before the samples of a host are deleted. */
import { useSignal, type Signal } from "@preact/signals";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { Dialog } from "../../parts/dialog.tsx";
import "../../parts/delete-dialog.css";

interface CleanProps {
  readonly name: string;
  readonly open: Signal<boolean>;
  readonly onClean: () => Promise<Failure | undefined>;
}

/** Opened by “Clean”. */
export function CleanDialog({ name, open, onClean }: CleanProps) {
  const busy = useSignal(false);
  const problem = useSignal("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    const failure = await onClean();
    busy.value = false;
    if (failure === undefined) open.value = false;
    else problem.value = describeFailure(failure);
  }
  return (
    <Dialog
      title="Delete its samples?"
      open={open.value}
      onClose={() => {
        open.value = false;
        problem.value = "";
      }}
    >
      <form class="delete-form" onSubmit={(event) => void submit(event)}>
        <p>
          All samples of <b>{name}</b> up to now are deleted and cannot be brought back. The host
          stays, with its settings, status and incidents, and goes on from here.
        </p>
        <p class="delete-problem" role="alert">
          {problem}
        </p>
        <div class="dialog-actions">
          <button type="button" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="button-bad" disabled={busy.value}>
            {busy.value ? "Deleting…" : "Delete samples"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
