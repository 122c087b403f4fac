/** Maintenance windows: each with its next times, and all of them on a month. */
import { useSignal } from "@preact/signals";
import type { MaintenanceInput, MaintenanceView } from "@belfry/contract";
import type { Failure } from "../../api/failure.ts";
import { fieldsOf, initialOfAll } from "../../form/field.ts";
import { FormDialog, type Editing } from "../../form/form-dialog.tsx";
import { MatchersField } from "../../form/matchers-field.tsx";
import { matcherText } from "../../form/matcher-text.ts";
import { formatInstant } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ManagedMark } from "../../parts/managed.tsx";
import { DeleteButton } from "../../parts/page-head.tsx";
import { useParts, type Parts } from "../../shell/parts.ts";
import { Calendar } from "./calendar-view.tsx";
import { maintenanceSchema } from "./policy-fields.ts";
import { scheduleWords } from "./schedule-words.ts";

interface MaintenanceProps {
  readonly windows: readonly MaintenanceView[];
  readonly month: string;
  readonly writes: boolean;
  readonly onChange: () => void;
}

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const fields = fieldsOf(maintenanceSchema(ownZone));

/** Draws the calendar, the list and the form. */
export function Maintenance({ windows, month, writes, onChange }: MaintenanceProps) {
  const actions = createWindowActions(useParts(), onChange);
  const editing = useSignal<Editing | null>(null);
  const edited = useSignal<MaintenanceView | null>(null);
  const deleted = useSignal<MaintenanceView | null>(null);
  const deleting = useSignal(false);

  function edit(window: MaintenanceView | null): void {
    edited.value = window;
    editing.value = {
      title: window === null ? "New maintenance window" : `Edit ${window.name}`,
      verb: window === null ? "Create" : "Save",
      draft: window === null ? newDraft() : draftOf(window),
      secrets: [],
    };
  }

  return (
    <section aria-labelledby="maintenance-title">
      <header class="policy-head">
        <h2 id="maintenance-title">Maintenance windows</h2>
        {writes && (
          <button type="button" onClick={() => edit(null)}>
            <Icon name="plus" /> New window
          </button>
        )}
      </header>
      {windows.length === 0 && (
        <p class="quiet">
          None. While a window is open, checks go on and nobody is told of what it is about.
        </p>
      )}
      <ul class="policies">
        {windows.map((window) => (
          <Window
            key={window.id}
            window={window}
            writes={writes && window.managed_by === null}
            onEdit={() => edit(window)}
            onDelete={() => {
              deleted.value = window;
              deleting.value = true;
            }}
          />
        ))}
      </ul>
      {windows.length > 0 && <Calendar windows={windows} month={month} />}
      <FormDialog
        editing={editing}
        fields={fields}
        parts={{
          matchers: () => (
            <MatchersField
              path={["matchers"]}
              title="What is maintained"
              help="All of them have to match; none: everything. Besides its labels, everything has subject (its name), subject_kind, severity and rule."
            />
          ),
        }}
        onSave={(draft) => actions.save(edited.value, draft)}
      />
      <DeleteDialog
        title="Delete this window?"
        name={null}
        open={deleting}
        onDelete={() => actions.remove(deleted.value)}
      >
        <b>{deleted.value?.name}</b> will not open again. To keep it, disable it instead.
      </DeleteDialog>
    </section>
  );
}

/** Saves and deletes; both answer with what was wrong, or undefined when it is done. */
function createWindowActions(
  { client, toasts }: Pick<Parts, "client" | "toasts">,
  onChange: () => void,
) {
  return {
    async save(former: MaintenanceView | null, draft: unknown): Promise<Failure | undefined> {
      const reply = await client.saveMaintenance(former, inputOf(draft));
      if (reply.kind === "failed") return reply.failure;
      toasts.say("Saved.");
      onChange();
      return undefined;
    },
    async remove(window: MaintenanceView | null): Promise<Failure | undefined> {
      if (window === null) return undefined;
      const reply = await client.deleteMaintenance(window.id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say(`${window.name} was deleted.`);
      onChange();
      return undefined;
    },
  };
}

function newDraft(): unknown {
  const starts_at = new Date().toISOString();
  const ends_at = new Date(Date.now() + 7_200_000).toISOString();
  return {
    ...initialOfAll(fields),
    name: "",
    matchers: [],
    schedule: { kind: "once", starts_at, ends_at },
  };
}

function draftOf(window: MaintenanceView): MaintenanceInput {
  const { name, enabled, matchers, monitors, schedule, description } = window;
  return { name, enabled, matchers, monitors, schedule, description };
}

/** Guarantees nothing: what the hub does not take comes back as problems, each at its field. */
function inputOf(draft: unknown): MaintenanceInput {
  return draft as MaintenanceInput;
}

const states = {
  open: "Open",
  scheduled: "Scheduled",
  over: "Over",
  disabled: "Disabled",
} as const satisfies Record<MaintenanceView["state"], string>;

interface WindowProps {
  readonly window: MaintenanceView;
  readonly writes: boolean;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

function Window({ window, writes, onEdit, onDelete }: WindowProps) {
  const [next] = window.next_windows;
  return (
    <li class={`policy policy-${window.state}`}>
      <div>
        <p class="policy-line">
          <b>{window.name}</b>
          <span class="chip">{states[window.state]}</span>
          <ManagedMark by={window.managed_by} />
          <span>{scheduleWords(window.schedule)}</span>
        </p>
        <p class="policy-matchers">
          {window.matchers.length === 0 && window.monitors.length === 0 && (
            <span class="quiet">of everything</span>
          )}
          {window.matchers.map((matcher) => (
            <code key={matcherText(matcher)} class="chip">
              {matcherText(matcher)}
            </code>
          ))}
          {window.monitors.length > 0 && (
            <span class="quiet">{window.monitors.length} chosen monitors</span>
          )}
        </p>
        {next !== undefined && (
          <p class="quiet">
            {window.state === "open" ? (
              <>
                Until {formatInstant(Date.parse(next.ends_at))}, your time (
                <Ago at={next.ends_at} />)
              </>
            ) : (
              <>
                Next {formatInstant(Date.parse(next.starts_at))}, your time (
                <Ago at={next.starts_at} />)
              </>
            )}
          </p>
        )}
        {window.description !== "" && <p>{window.description}</p>}
      </div>
      {writes && (
        <div class="policy-actions">
          <button type="button" onClick={onEdit}>
            Edit<span class="visually-hidden"> {window.name}</span>
          </button>
          <DeleteButton onDelete={onDelete} />
        </div>
      )}
    </li>
  );
}
