/** What people may change of a host: its name, its labels, when it counts as silent, how long its samples are kept. */
import { useSignal, type Signal } from "@preact/signals";
import type { HostDetailView, HostPatch } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { createFormState, FormContext, type FormState } from "../../form/form-state.ts";
import { FieldView } from "../../form/field-view.tsx";
import { useSubmit } from "../../form/use-submit.ts";
import { DialogActions } from "../../parts/dialog-actions.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { draftOf, hostFields, patchOf } from "./host-draft.ts";

interface EditProps {
  readonly host: HostDetailView;
  readonly open: Signal<boolean>;
  readonly onSave: (patch: HostPatch) => Promise<Failure | undefined>;
}

/** Opened by “Edit”. */
export function EditDialog({ host, open, onSave }: EditProps) {
  return (
    <Dialog title={`Edit ${host.name}`} open={open.value} onClose={() => (open.value = false)}>
      <EditForm host={host} open={open} onSave={onSave} />
    </Dialog>
  );
}

function EditForm({ host, open, onSave }: EditProps) {
  // What was there when the dialog opened: live figures change the host meanwhile.
  const form = useMemo(() => formOf(host), []);
  const problem = useSignal("");
  useEffect(() => {
    // The dialog opens after its content is there, and takes the focus to its first button.
    const soon = requestAnimationFrame(() => document.getElementById("field-name")?.focus());
    return () => cancelAnimationFrame(soon);
  }, []);
  const { busy, submit } = useSubmit(async () => {
    const failure = await onSave(patchOf(form.draft.value, draftOf(host)));
    if (failure === undefined) {
      open.value = false;
      return;
    }
    const problems = failure.kind === "problem" ? failure.problems : [];
    form.report(problems);
    problem.value = problems.length === 0 ? describeFailure(failure) : "";
  });
  return (
    <FormContext.Provider value={form}>
      <form class="edit-host" noValidate onSubmit={submit}>
        <div class="fields">
          {hostFields.map(([name, field]) => (
            <FieldView key={name} field={field} path={[name]} />
          ))}
        </div>
        <p class="field-problem" role="alert">
          {problem}
        </p>
        <DialogActions open={open} busy={busy} verb="Save" busyVerb="Saving…" tone="main" />
      </form>
    </FormContext.Provider>
  );
}

function formOf(host: HostDetailView): FormState {
  const form = createFormState();
  form.reset(draftOf(host), []);
  return form;
}
