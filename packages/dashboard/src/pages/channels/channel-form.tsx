/** The form of a channel: its settings are drawn from the schema of its kind. Stored secrets are replaced, never shown. */
import { useComputed, type Signal } from "@preact/signals";
import type { ChannelKindView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import type { Failure } from "../../api/failure.ts";
import { inputId } from "../../form/control.tsx";
import { FieldView } from "../../form/field-view.tsx";
import { fieldsOf } from "../../form/field.ts";
import { FormDialog, type Editing } from "../../form/form-dialog.tsx";
import { useForm } from "../../form/form-state.ts";
import { channelFields, secretsOf, withKind } from "./channel-draft.ts";

interface ChannelFormProps {
  /** null: closed. */
  readonly editing: Signal<Editing | null>;
  readonly kinds: readonly ChannelKindView[];
  /** Whether the kind can be chosen: of a new one. */
  readonly isNew: boolean;
  /** Answers with what was wrong, or undefined when it is saved. */
  readonly onSave: (draft: unknown) => Promise<Failure | undefined>;
}

/** Draws the dialog. */
export function ChannelForm({ editing, kinds, isNew, onSave }: ChannelFormProps) {
  return (
    <FormDialog
      editing={editing}
      fields={channelFields}
      parts={{
        kind: () => <KindField kinds={kinds} isNew={isNew} />,
        settings: () => <Settings kinds={kinds} />,
      }}
      onSave={onSave}
    />
  );
}

function useKind(kinds: readonly ChannelKindView[]): ChannelKindView | undefined {
  const form = useForm();
  const name = useComputed(() => form.get(["kind"]));
  return kinds.find(({ kind }) => kind === name.value);
}

function KindField({ kinds, isNew }: Pick<ChannelFormProps, "kinds" | "isNew">) {
  const form = useForm();
  const kind = useKind(kinds);
  if (!isNew) {
    return (
      <p>
        <span class="chip">{kind?.title ?? "unknown kind"}</span>
      </p>
    );
  }
  return (
    <div class="field field-choice">
      <label for={inputId(["kind"])}>Kind</label>
      <select
        id={inputId(["kind"])}
        value={kind?.kind ?? ""}
        onChange={({ currentTarget: { value } }) => {
          const chosen = kinds.find((one) => one.kind === value);
          if (chosen !== undefined)
            form.reset(withKind(form.draft.value, chosen), secretsOf(chosen));
        }}
      >
        {kinds.map((one) => (
          <option key={one.kind} value={one.kind}>
            {one.title}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The settings of the kind; what is seldom needed is folded away. */
function Settings({ kinds }: Pick<ChannelFormProps, "kinds">) {
  const kind = useKind(kinds);
  const fields = useMemo(() => fieldsOf(kind?.schema), [kind]);
  const plain = fields.filter(({ advanced }) => !advanced);
  const advanced = fields.filter((field) => field.advanced);
  return (
    <div class="fields channel-settings" key={kind?.kind}>
      {plain.map((field) => (
        <FieldView key={field.key} field={field} path={["settings", field.key]} />
      ))}
      {advanced.length > 0 && (
        <details class="dialog-more">
          <summary>More of its settings</summary>
          <div class="fields">
            {advanced.map((field) => (
              <FieldView key={field.key} field={field} path={["settings", field.key]} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}
