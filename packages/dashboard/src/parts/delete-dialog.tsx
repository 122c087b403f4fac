/** Asks for the name of a thing before it is deleted with its history: nothing brings that back. */
import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { describeFailure, type Failure } from "../api/failure.ts";
import { Dialog } from "./dialog.tsx";
import "./delete-dialog.css";

interface DeleteProps {
  readonly title: string;
  readonly name: string;
  readonly open: Signal<boolean>;
  readonly onDelete: () => Promise<Failure | undefined>;
  /** What goes with it, and what one could do instead. */
  readonly children: ComponentChildren;
}

/** Opened by the bin. */
export function DeleteDialog({ title, name, open, onDelete, children }: DeleteProps) {
  const typed = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal("");
  const fits = typed.value.trim() === name.trim();

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
      title={title}
      open={open.value}
      onClose={() => {
        open.value = false;
        typed.value = "";
        problem.value = "";
      }}
    >
      <form class="delete-form" onSubmit={(event) => void submit(event)}>
        <p>{children}</p>
        <label for="delete-name">
          Type <b>{name}</b> to confirm
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
