/** Asks for the monitor's name before it is deleted with its history: nothing brings that back. */
import { useSignal, type Signal } from "@preact/signals";
import type { MonitorView } from "@belfry/contract";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { Dialog } from "../../parts/dialog.tsx";

interface DeleteProps {
  readonly monitor: MonitorView;
  readonly open: Signal<boolean>;
  readonly onDelete: () => Promise<Failure | undefined>;
  readonly copyHref: string;
}

/** Opened by the bin. */
export function DeleteDialog({ monitor, open, onDelete, copyHref }: DeleteProps) {
  const typed = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal("");
  const fits = typed.value.trim() === monitor.name.trim();

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!fits || busy.value) return;
    busy.value = true;
    const failure = await onDelete();
    busy.value = false;
    if (failure !== undefined) problem.value = describeFailure(failure);
  }

  return (
    <Dialog
      title="Delete this monitor?"
      open={open.value}
      onClose={() => {
        open.value = false;
        typed.value = "";
        problem.value = "";
      }}
    >
      <form class="delete-form" onSubmit={(event) => void submit(event)}>
        <p>
          Its checks, series and uptime go with it and cannot be brought back; incidents stay. To
          keep the history, pause it instead, or <a href={copyHref}>copy its settings</a> first.
        </p>
        <label for="delete-name">
          Type <b>{monitor.name}</b> to confirm
        </label>
        <input
          id="delete-name"
          autocomplete="off"
          autofocus
          spellcheck={false}
          value={typed}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <p class="delete-problem" role="alert">
          {problem}
        </p>
        <div class="dialog-actions">
          <button type="button" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="button-bad" disabled={!fits || busy.value}>
            {busy.value ? "Deleting…" : "Delete"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
