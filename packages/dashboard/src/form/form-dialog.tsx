/**
 * A dialog with a form that is drawn from fields: of what is small enough to be made and changed without leaving a page.
 * What the hub has against the draft stands at its field, or below all of them where no field shows it.
 */
import { signal, useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure } from "../api/failure.ts";
import { DialogActions } from "../parts/dialog-actions.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { FieldView } from "./field-view.tsx";
import type { Field } from "./field.ts";
import { createFormState, FormContext, isWithin } from "./form-state.ts";
import { useSubmit } from "./use-submit.ts";
import "./form.css";

/** What a dialog edits. */
export interface Editing {
  readonly title: string;
  readonly verb: string;
  readonly draft: unknown;
  /** Dotted paths of secrets, as seen from the draft. */
  readonly secrets: readonly string[];
}

interface FormDialogProps {
  /** null: closed. */
  readonly editing: Signal<Editing | null>;
  /** Those with a part of their own in `parts` are drawn by it. */
  readonly fields: readonly Field[];
  readonly parts?: Readonly<Record<string, () => ComponentChildren>>;
  /** Answers with what was wrong, or undefined when it is saved. */
  readonly onSave: (draft: unknown) => Promise<Failure | undefined>;
}

/** Closes by itself once what it edits is saved. */
export function FormDialog(props: FormDialogProps) {
  const { editing } = props;
  return (
    <Dialog
      title={editing.value?.title ?? ""}
      open={editing.value !== null}
      onClose={() => (editing.value = null)}
    >
      {editing.value !== null && <DialogForm {...props} shown={editing.value} />}
    </Dialog>
  );
}

function DialogForm({
  editing,
  shown,
  fields,
  parts = {},
  onSave,
}: FormDialogProps & { shown: Editing }) {
  const form = useMemo(() => {
    const made = createFormState();
    made.reset(shown.draft, shown.secrets);
    return made;
  }, [shown]);
  const problem = useSignal("");
  const open = useMemo(() => signal(true), [shown]);
  useEffect(() => open.subscribe((is) => !is && (editing.value = null)), [open]);
  useEffect(() => {
    // The dialog opens after its content is there, and takes the focus to its first button.
    const soon = requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(".dialog-form :is(input, select, textarea)")?.focus(),
    );
    return () => cancelAnimationFrame(soon);
  }, [shown]);
  const { busy, submit } = useSubmit(async () => {
    const failure = await onSave(form.draft.value);
    if (failure === undefined) {
      editing.value = null;
      return;
    }
    form.report(failure.kind === "problem" ? failure.problems : []);
    problem.value = describeFailure(failure);
    requestAnimationFrame(() => {
      const first = document.querySelector<HTMLElement>(".dialog-form [aria-invalid=true]");
      first?.closest("details:not([open])")?.setAttribute("open", "");
      first?.focus();
    });
  });
  const unplaced = form.problems.value.filter(
    ({ path }) => !fields.some((field) => field.key !== "" && isWithin(path, field.key)),
  );
  return (
    <FormContext.Provider value={form}>
      <form class="dialog-form" noValidate onSubmit={submit}>
        <div class="fields">
          {fields
            .filter((field) => !field.advanced)
            .map((field) => (
              <One key={field.key} field={field} parts={parts} />
            ))}
          {fields.some((field) => field.advanced) && (
            <details class="dialog-more">
              <summary>More</summary>
              <div class="fields">
                {fields
                  .filter((field) => field.advanced)
                  .map((field) => (
                    <One key={field.key} field={field} parts={parts} />
                  ))}
              </div>
            </details>
          )}
        </div>
        <div class="field-problem" role="alert">
          {problem.value !== "" && <p>Not saved. {problem}</p>}
          {unplaced.map(({ path, message }) => (
            <p key={path}>
              {path !== "" && <code>{path}</code>} {message}
            </p>
          ))}
        </div>
        <DialogActions open={open} busy={busy} verb={shown.verb} busyVerb="Saving…" tone="main" />
      </form>
    </FormContext.Provider>
  );
}

function One({
  field,
  parts,
}: {
  field: Field;
  parts: Readonly<Record<string, () => ComponentChildren>>;
}) {
  const own = Object.hasOwn(parts, field.key) ? parts[field.key] : undefined;
  return own === undefined ? <FieldView field={field} path={[field.key]} /> : <>{own()}</>;
}
