/** The form of a monitor, drawn from the schema of its kind: new, copied or edited. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { CheckKindView, MonitorView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { isMissing, type Failure } from "../../api/failure.ts";
import { FailureNote, showProblems } from "../../form/failure-note.tsx";
import { createFormState, FormContext, type FormState } from "../../form/form-state.ts";
import { useSubmit } from "../../form/use-submit.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Missing } from "../../parts/missing.tsx";
import { isPassive } from "../../parts/passive.ts";
import { formatRoute, monitorPage, plainOverview } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { bodyOf, copyOf, draftOf, newDraft, secretsOf } from "./draft.ts";
import { FormBody } from "./form-body.tsx";
import { TestPanel } from "./test-panel.tsx";
import "./monitor-form.css";

interface FormProps {
  /** The monitor to edit; null: a new one. */
  readonly id: string | null;
  /** The monitor to begin a new one from. */
  readonly copyOf: string | null;
}

interface Loaded {
  readonly kinds: readonly CheckKindView[];
  /** The monitor that is edited; null for a new one. */
  readonly monitor: MonitorView | null;
}

/** Draws the form. */
export function MonitorForm({ id, copyOf: source }: FormProps) {
  const { client } = useParts();
  const form = useMemo(createFormState, [id, source]);
  const loaded = useSignal<Loaded | Failure | null>(null);

  async function load(): Promise<void> {
    loaded.value = null;
    const from = id ?? source;
    const [kinds, monitor] = await Promise.all([
      client.checkKinds(),
      from === null ? undefined : client.monitor(from),
    ]);
    if (kinds.kind === "failed") loaded.value = kinds.failure;
    else if (monitor?.kind === "failed") loaded.value = monitor.failure;
    else {
      const kind = kinds.value.items.find((one) => one.kind === (monitor?.value.kind ?? "http"));
      const first = kind ?? kinds.value.items[0];
      if (first === undefined) return;
      if (monitor === undefined) form.reset(newDraft(first), secretsOf(first));
      else
        form.reset(id === null ? copyOf(monitor.value) : draftOf(monitor.value), secretsOf(first));
      loaded.value = {
        kinds: kinds.value.items,
        monitor: id === null ? null : (monitor?.value ?? null),
      };
    }
  }
  useEffect(() => void load(), [id, source]);
  useSignalEffect(() => {
    document.title = `${id === null ? "New monitor" : "Edit monitor"} – Belfry`;
  });

  const state = loaded.value;
  if (state === null) return <p class="visually-hidden">Loading…</p>;
  if ("kind" in state) {
    if (isMissing(state)) return <Missing what="There is no such monitor." />;
    return <CannotShow what="The form" failure={state} onRetry={() => void load()} />;
  }
  return (
    <FormContext.Provider value={form}>
      <LoadedForm form={form} loaded={state} />
    </FormContext.Provider>
  );
}

function LoadedForm({ form, loaded: { kinds, monitor } }: { form: FormState; loaded: Loaded }) {
  const { client, router, toasts } = useParts();
  const failure = useSignal<Failure | null>(null);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (form.isChanged.value) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [form]);

  const { busy, submit } = useSubmit(async () => {
    const body = bodyOf(form.draft.value);
    const reply =
      monitor === null
        ? await client.createMonitor(body)
        : await client.replaceMonitor(monitor.id, monitor.version, body);
    if (reply.kind === "failed") {
      failure.value = reply.failure;
      showProblems(form, reply.failure, ".monitor-form");
      return;
    }
    const made = isPassive(reply.value.kind)
      ? "Created. It waits to be called."
      : "Created, and checked at once.";
    toasts.say(monitor === null ? made : "Saved.");
    router.go(monitorPage(reply.value.id));
  });

  const back = monitor === null ? plainOverview : monitorPage(monitor.id);
  return (
    <div class="monitor-form">
      <form noValidate onSubmit={submit}>
        <h1>{monitor === null ? "New monitor" : `Edit ${monitor.name}`}</h1>
        <FormBody kinds={kinds} isNew={monitor === null} />
        <FailureNote
          failure={failure.value}
          form={form}
          noun="monitor"
          onReload={() => location.reload()}
        />
        <div class="form-actions">
          <button type="submit" class="button-main" disabled={busy.value}>
            {busy.value ? "Saving…" : monitor === null ? "Create monitor" : "Save changes"}
          </button>
          <a class="button button-quiet" href={formatRoute(back)}>
            Cancel
          </a>
        </div>
      </form>
      {!isPassive(form.get(["kind"])) && (
        <TestPanel
          id={monitor?.id ?? null}
          onFailure={(found) => showProblems(form, found, ".monitor-form")}
        />
      )}
    </div>
  );
}
