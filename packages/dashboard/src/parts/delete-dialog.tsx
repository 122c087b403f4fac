/** Asks before what nothing brings back is deleted; for a whole thing with its history, its name must be typed. */
import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { describeFailure, type Failure } from "../api/failure.ts";
import { useSubmit } from "../form/use-submit.ts";
import { DialogActions } from "./dialog-actions.tsx";
import { Dialog } from "./dialog.tsx";
import "./delete-dialog.css";

interface DeleteProps {
  readonly title: string;
  /** What must be typed; null: nothing. */
  readonly name: string | null;
  readonly verb?: string;
  readonly open: Signal<boolean>;
  /** Answers with what was wrong, or undefined when it is gone. */
  readonly onDelete: () => Promise<Failure | undefined>;
  /** What goes with it, and what one could do instead. */
  readonly children: ComponentChildren;
}

/** Closes by itself once what it asks about is gone. */
export function DeleteDialog({
  title,
  name,
  verb = "Delete",
  open,
  onDelete,
  children,
}: DeleteProps) {
  const typed = useSignal("");
  const problem = useSignal("");
  const fits = name === null || typed.value.trim() === name.trim();
  const { busy, submit } = useSubmit(async () => {
    if (!fits) return;
    const failure = await onDelete();
    if (failure === undefined) open.value = false;
    else problem.value = describeFailure(failure);
  });
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
      <form class="delete-form" onSubmit={submit}>
        <p>{children}</p>
        {name !== null && <NameField name={name} typed={typed} />}
        <p class="delete-problem" role="alert">
          {problem}
        </p>
        <DialogActions
          open={open}
          busy={busy}
          verb={verb}
          busyVerb="Deleting…"
          tone="bad"
          disabled={!fits}
        />
      </form>
    </Dialog>
  );
}

function NameField({ name, typed }: { name: string; typed: Signal<string> }) {
  return (
    <>
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
    </>
  );
}
