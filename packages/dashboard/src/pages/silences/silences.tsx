/** The silences: those that hold, those to come, and those that are over. */
import { useSignal } from "@preact/signals";
import type { SilenceInput, SilenceView } from "@belfry/contract";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { FieldView } from "../../form/field-view.tsx";
import { fieldsOf } from "../../form/field.ts";
import { FormDialog, type Editing } from "../../form/form-dialog.tsx";
import { useForm } from "../../form/form-state.ts";
import { MatchersField } from "../../form/matchers-field.tsx";
import { matcherText } from "../../form/matcher-text.ts";
import { isRecord } from "../../form/path.ts";
import { formatInstant } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useParts } from "../../shell/parts.ts";
import { silenceSchema } from "./policy-fields.ts";

interface SilencesProps {
  readonly silences: readonly SilenceView[];
  readonly writes: boolean;
  readonly onChange: () => void;
}

const fields = fieldsOf(silenceSchema);
const until = fields.find(({ key }) => key === "ends_at");
const order = ["active", "pending", "expired"] as const satisfies readonly SilenceView["state"][];
const hourMs = 3_600_000;

/** Draws the list and the way to a new one. */
export function Silences({ silences, writes, onChange }: SilencesProps) {
  const { client, toasts } = useParts();
  const editing = useSignal<Editing | null>(null);
  const past = useSignal(false);
  const sorted = silences.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const over = sorted.filter(({ state }) => state === "expired");
  const shown = past.value ? sorted : sorted.filter(({ state }) => state !== "expired");

  async function save(draft: unknown): Promise<Failure | undefined> {
    const reply = await client.saveSilence(null, inputOf(draft));
    if (reply.kind === "failed") return reply.failure;
    toasts.say("Silenced.");
    onChange();
    return undefined;
  }

  async function expire(id: string): Promise<void> {
    const reply = await client.expireSilence(id);
    if (reply.kind === "failed") toasts.say(describeFailure(reply.failure), "bad");
    else toasts.say("It rings again.");
    onChange();
  }

  return (
    <section aria-labelledby="silences-title">
      <header class="policy-head">
        <h2 id="silences-title">Silences</h2>
        {writes && (
          <button type="button" onClick={() => (editing.value = newSilence())}>
            <Icon name="plus" /> New silence
          </button>
        )}
      </header>
      {shown.length === 0 && (
        <p class="quiet">
          None holds. A silence keeps Belfry from telling people of what it matches.
        </p>
      )}
      <ul class="policies">
        {shown.map((silence) => (
          <Silence
            key={silence.id}
            silence={silence}
            onExpire={writes ? () => void expire(silence.id) : null}
          />
        ))}
      </ul>
      {over.length > 0 && (
        <button type="button" class="button-link" onClick={() => (past.value = !past.value)}>
          {past.value ? "Without those that are over" : `${over.length} that are over`}
        </button>
      )}
      <FormDialog
        editing={editing}
        fields={fields}
        parts={{
          matchers: () => (
            <MatchersField
              path={["matchers"]}
              title="What is silenced"
              help="All of them have to match. Besides its labels, everything has subject (its name), subject_kind, severity and rule."
            />
          ),
          ends_at: () => <Until />,
        }}
        onSave={save}
      />
    </section>
  );
}

function newSilence(): Editing {
  const matchers = [{ name: "subject", value: "", is_regex: false, is_equal: true }];
  const ends_at = new Date(Date.now() + 2 * hourMs).toISOString();
  return {
    title: "New silence",
    verb: "Silence",
    draft: { matchers, ends_at, comment: "" },
    secrets: [],
  };
}

/** Guarantees nothing: what the hub does not take comes back as problems, each at its field. */
function inputOf(draft: unknown): SilenceInput {
  return draft as SilenceInput;
}

const presets = [
  ["1 hour", 1],
  ["4 hours", 4],
  ["1 day", 24],
  ["1 week", 168],
] as const;

/** The end, or how long it is to hold. */
function Until() {
  const form = useForm();
  const draft = form.draft.value;
  const starts = isRecord(draft) ? draft["starts_at"] : undefined;
  const from = typeof starts === "string" ? Date.parse(starts) : Number.NaN;
  return (
    <div class="until">
      {until !== undefined && <FieldView field={until} path={[until.key]} />}
      <div class="presets" role="group" aria-label="How long">
        {presets.map(([title, hours]) => (
          <button
            key={title}
            type="button"
            onClick={() => {
              const begin = Number.isNaN(from) ? Date.now() : from;
              form.set(["ends_at"], new Date(begin + hours * hourMs).toISOString());
            }}
          >
            {title}
          </button>
        ))}
      </div>
    </div>
  );
}

function Silence({ silence, onExpire }: { silence: SilenceView; onExpire: (() => void) | null }) {
  const { state } = silence;
  return (
    <li class={`policy policy-${state}`}>
      <div>
        <p class="policy-line">
          <b>{state === "active" ? "Holds" : state === "pending" ? "To come" : "Over"}</b>
          <span>
            {state === "pending" ? (
              <>
                from {formatInstant(Date.parse(silence.starts_at))} to{" "}
                {formatInstant(Date.parse(silence.ends_at))}
              </>
            ) : (
              <>
                until {formatInstant(Date.parse(silence.ends_at))} (<Ago at={silence.ends_at} />)
              </>
            )}
          </span>
          <span class="quiet">by {silence.created_by}</span>
        </p>
        <p class="policy-matchers">
          {silence.matchers.map((matcher) => (
            <code key={matcherText(matcher)} class="chip">
              {matcherText(matcher)}
            </code>
          ))}
        </p>
        {silence.comment !== "" && <p>{silence.comment}</p>}
      </div>
      {state !== "expired" && onExpire !== null && (
        <button type="button" onClick={onExpire}>
          End now
        </button>
      )}
    </li>
  );
}
