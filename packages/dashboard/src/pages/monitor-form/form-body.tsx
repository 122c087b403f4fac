/** The fields: what is checked, when, how it is judged, and what it is called. */
import type { CheckKindView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import { inputId, useProblem } from "../../form/control.tsx";
import { FieldView } from "../../form/field-view.tsx";
import { fieldOf, fieldsOf, type Field } from "../../form/field.ts";
import { useForm } from "../../form/form-state.ts";
import { isRecord, type Path } from "../../form/path.ts";
import { isPassive } from "../../parts/passive.ts";
import { suggestedName, secretsOf, withKind } from "./draft.ts";
import { DependsOn } from "./depends-on.tsx";
import { judgingSchema, labelsSchema, placementSchema, timingSchema } from "./monitor-fields.ts";

interface BodyProps {
  readonly kinds: readonly CheckKindView[];
  readonly isNew: boolean;
}

const timing = fieldsOf(timingSchema);
const judging = fieldsOf(judgingSchema);
const placement = fieldsOf(placementSchema);
const labels = fieldOf(labelsSchema, "labels", true);

/** Draws all fields of the draft. */
export function FormBody({ kinds, isNew }: BodyProps) {
  const form = useForm();
  const draft = form.draft.value;
  const kindName = isRecord(draft) ? draft["kind"] : undefined;
  const kind = kinds.find((one) => one.kind === kindName);
  const settings = useMemo(() => fieldsOf(kind?.settings_schema), [kind]);
  return (
    <>
      <KindPicker kinds={kinds} chosen={kind} isNew={isNew} />
      <div class="fields" key={kind?.kind}>
        {settings.filter(isAim).map((field) => (
          <FieldView key={field.key} field={field} path={["settings", field.key]} />
        ))}
        <NameField />
        {!isPassive(kindName) && (
          <div class="field-row">
            {timing.map((field) => (
              <FieldView key={field.key} field={field} path={[field.key]} />
            ))}
          </div>
        )}
        {settings
          .filter((field) => !field.advanced && !isAim(field))
          .map((field) => (
            <FieldView key={field.key} field={field} path={["settings", field.key]} />
          ))}
        <Folded
          title={`More about ${kind?.title ?? "the check"}`}
          fields={settings.filter((field) => field.advanced)}
          at={["settings"]}
        />
        {!isPassive(kindName) && (
          <>
            <Folded title="When it counts as down or degraded" fields={judging} at={["judging"]} />
            <Folded title="Where it is checked from" fields={placement} at={[]} />
          </>
        )}
        <details class="folded">
          <summary>Labels and dependencies</summary>
          <div class="fields">
            <FieldView field={labels} path={["labels"]} />
            <DependsOn />
          </div>
        </details>
      </div>
    </>
  );
}

/** What the check is aimed at comes first: what has to be given, or is a port. */
function isAim(field: Field): boolean {
  if (field.advanced) return false;
  return field.key === "port" || (field.required && field.fallback === undefined);
}

function Folded({ title, fields, at }: { title: string; fields: readonly Field[]; at: Path }) {
  if (fields.length === 0) return null;
  return (
    <details class="folded">
      <summary>{title}</summary>
      <div class="fields">
        {fields.map((field) => (
          <FieldView key={field.key} field={field} path={[...at, field.key]} />
        ))}
      </div>
    </details>
  );
}

function NameField() {
  const form = useForm();
  const problem = useProblem(["name"]);
  const name = form.get(["name"]);
  const suggestion = suggestedName(form.get(["settings"]));
  return (
    <div class="field field-text">
      <label for={inputId(["name"])}>Name</label>
      <input
        id={inputId(["name"])}
        maxLength={100}
        autocomplete="off"
        placeholder={suggestion}
        aria-invalid={problem !== ""}
        aria-describedby="name-help name-problem"
        value={typeof name === "string" ? name : ""}
        onInput={(event) => form.set(["name"], event.currentTarget.value)}
      />
      <p id="name-help" class="field-help">
        {suggestion === "" ? "What people call it" : `Left empty, it is called ${suggestion}`}
      </p>
      {problem !== "" && (
        <p id="name-problem" class="field-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

function KindPicker({
  kinds,
  chosen,
  isNew,
}: {
  kinds: readonly CheckKindView[];
  chosen: CheckKindView | undefined;
  isNew: boolean;
}) {
  const form = useForm();
  if (!isNew) {
    return (
      <p class="kind-fixed">
        <span class="chip">{chosen?.title ?? "unknown kind"}</span> {chosen?.description}
      </p>
    );
  }
  return (
    <fieldset class="kinds">
      <legend class="visually-hidden">What to check</legend>
      {kinds.map((kind) => (
        <label key={kind.kind} title={kind.description}>
          <input
            type="radio"
            name="kind"
            value={kind.kind}
            checked={kind === chosen}
            onChange={() => form.reset(withKind(form.draft.value, kind), secretsOf(kind))}
          />
          <span>{kind.title}</span>
        </label>
      ))}
      <p>
        {chosen?.description}
        {chosen?.real === false && " It watches nothing: for trying things out."}
      </p>
    </fieldset>
  );
}
