/** The form of a route: what it matches, who is told, and who is told next. */
import type { Signal } from "@preact/signals";
import type { ChannelView } from "@belfry/contract";
import type { Failure } from "../../api/failure.ts";
import { inputId, useProblem } from "../../form/control.tsx";
import { FieldView } from "../../form/field-view.tsx";
import { FormDialog, type Editing } from "../../form/form-dialog.tsx";
import { useForm } from "../../form/form-state.ts";
import { MatchersField } from "../../form/matchers-field.tsx";
import type { Path } from "../../form/path.ts";
import { Icon } from "../../parts/icon.tsx";
import { plainChannels } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { afterField, routeFields } from "./route-draft.ts";

interface RouteFormProps {
  /** null: closed. */
  readonly editing: Signal<Editing | null>;
  readonly channels: readonly ChannelView[];
  /** Answers with what was wrong, or undefined when it is saved. */
  readonly onSave: (draft: unknown) => Promise<Failure | undefined>;
}

/** Draws the dialog. */
export function RouteForm({ editing, channels, onSave }: RouteFormProps) {
  return (
    <FormDialog
      editing={editing}
      fields={routeFields}
      parts={{
        matchers: () => (
          <MatchersField
            path={["matchers"]}
            title="What it is about"
            help="All of them have to match; none: everything. Besides its labels, everything has subject (its name), subject_kind, severity and rule."
          />
        ),
        channels: () => (
          <fieldset class="field-group">
            <legend>Who is told</legend>
            <p class="field-help">
              None: nobody is told of what it matches, not even the default channels.
            </p>
            <ChannelChoice path={["channels"]} channels={channels} />
          </fieldset>
        ),
        escalation: () => <Escalation channels={channels} />,
      }}
      onSave={onSave}
    />
  );
}

interface ChoiceProps {
  readonly path: Path;
  readonly channels: readonly ChannelView[];
}

/** Channels that are ticked; they keep the order in which they were. */
function ChannelChoice({ path, channels }: ChoiceProps) {
  const form = useForm();
  const value = form.get(path);
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const problem = useProblem(path);
  if (channels.length === 0) {
    return (
      <p>
        There is no channel yet. <a href={formatRoute(plainChannels)}>To the channels</a>
      </p>
    );
  }
  return (
    <>
      <div class="choice-set channel-choice" id={inputId(path)}>
        {channels.map(({ id, name, enabled }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={({ currentTarget: { checked } }) =>
                form.set(path, checked ? [...chosen, id] : chosen.filter((one) => one !== id))
              }
            />
            <span>
              {name}
              {!enabled && <span class="quiet"> (switched off)</span>}
            </span>
          </label>
        ))}
      </div>
      {problem !== "" && <p class="field-problem">{problem}</p>}
    </>
  );
}

const firstStep = { after_seconds: 900, channels: [] };

/** Who is told next, while nobody has taken it. */
function Escalation({ channels }: Pick<ChoiceProps, "channels">) {
  const form = useForm();
  const value = form.get(["escalation"]);
  const steps: readonly unknown[] = Array.isArray(value) ? value : [];
  return (
    <fieldset class="field-group">
      <legend>Who is told next</legend>
      <p class="field-help">
        Counted from the first notice, until somebody acknowledges the incident.
      </p>
      <div class="list">
        {steps.map((_step, i) => (
          <Step
            key={`${i} of ${steps.length}`}
            path={["escalation", i]}
            place={i + 1}
            channels={channels}
          />
        ))}
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            form.set(["escalation", steps.length], firstStep);
            const id = inputId(["escalation", steps.length, "after_seconds"]);
            requestAnimationFrame(() => document.getElementById(id)?.focus());
          }}
        >
          <Icon name="plus" /> Add step
        </button>
      </div>
    </fieldset>
  );
}

function Step({ path, place, channels }: ChoiceProps & { place: number }) {
  const form = useForm();
  return (
    <fieldset class="route-step">
      <legend class="visually-hidden">Step {place}</legend>
      <FieldView field={afterField} path={[...path, "after_seconds"]} />
      <ChannelChoice path={[...path, "channels"]} channels={channels} />
      <button
        type="button"
        class="button-icon"
        aria-label={`Remove step ${place}`}
        onClick={() => form.set(path, undefined)}
      >
        <Icon name="close" />
      </button>
    </fieldset>
  );
}
