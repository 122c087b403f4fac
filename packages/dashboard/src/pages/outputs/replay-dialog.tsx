/** Asks before dead letters are sent again: their output may take every one of them. */
import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { useSubmit } from "../../form/use-submit.ts";
import { DialogActions } from "../../parts/dialog-actions.tsx";
import { Dialog } from "../../parts/dialog.tsx";

interface ReplayProps {
  readonly title: string;
  readonly open: Signal<boolean>;
  /** Answers with what was wrong, or undefined when they are on their way. */
  readonly onReplay: () => Promise<Failure | undefined>;
  readonly children: ComponentChildren;
}

/** Closes by itself once they are on their way. */
export function ReplayDialog({ title, open, onReplay, children }: ReplayProps) {
  const problem = useSignal("");
  const { busy, submit } = useSubmit(async () => {
    const failure = await onReplay();
    if (failure === undefined) open.value = false;
    else problem.value = describeFailure(failure);
  });
  return (
    <Dialog
      title={title}
      open={open.value}
      onClose={() => {
        open.value = false;
        problem.value = "";
      }}
    >
      <form class="delete-form" onSubmit={submit}>
        <p>{children}</p>
        <p class="delete-problem" role="alert">
          {problem}
        </p>
        <DialogActions open={open} busy={busy} verb="Send again" busyVerb="Sending…" tone="main" />
      </form>
    </Dialog>
  );
}
