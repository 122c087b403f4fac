/** What people may change of a host: its name, its labels, when it counts as silent, how long its samples are kept. */
import { useSignal, type Signal } from "@preact/signals";
import type { HostDetailView, HostPatch } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { createFormState, FormContext, type FormState } from "../../form/form-state.ts";
import { FieldView } from "../../form/field-view.tsx";
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
  const busy = useSignal(false);
  const problem = useSignal("");
  useEffect(() => {
    // The dialog opens after its content is there, and takes the focus to its first button.
    const soon = requestAnimationFrame(() => document.getElementById("field-name")?.focus());
    return () => cancelAnimationFrame(soon);
  }, []);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    const failure = await onSave(patchOf(form.draft.value, draftOf(host)));
    busy.value = false;
    if (failure === undefined) {
      open.value = false;
      return;
    }
    const problems = failure.kind === "problem" ? failure.problems : [];
    form.report(problems);
    problem.value = problems.length === 0 ? describeFailure(failure) : "";
  }
  return (
    <FormContext.Provider value={form}>
      <form class="edit-host" noValidate onSubmit={(event) => void submit(event)}>
        <div class="fields">
          {hostFields.map(([name, field]) => (
            <FieldView key={name} field={field} path={[name]} />
          ))}
        </div>
        <p class="field-problem" role="alert">
          {problem}
        </p>
        <div class="dialog-actions">
          <button type="button" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="button-main" disabled={busy.value}>
            {busy.value ? "Saving…" : "Save"}
          </button>
        </div>
      </form>
    </FormContext.Provider>
  );
}

function formOf(host: HostDetailView): FormState {
  const form = createFormState();
  form.reset(draftOf(host), []);
  return form;
}
