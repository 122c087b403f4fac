/** What an output refused for good: why, what it was, and the ways to send it again or to let it go. */
import { useSignal } from "@preact/signals";
import type { DeadLetterView, OutputStatusView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import type { DeadLetterChoice } from "../../api/job-calls.ts";
import type { Failure } from "../../api/failure.ts";
import { formatCount, formatPlural } from "../../format/number.ts";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { CopyText } from "../../parts/copy-text.tsx";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Icon } from "../../parts/icon.tsx";
import { formatRoute } from "../../route/route.ts";
import { mayAdminister } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import "../../parts/page-head.css";
import { ReplayDialog } from "./replay-dialog.tsx";
import { createLettersModel, type LettersModel } from "./letters-model.ts";

interface LettersProps {
  readonly output: OutputStatusView;
  /** Called when there are fewer of them now. */
  readonly onChange: () => void;
}

/** Draws the list. */
export function DeadLetters({ output, onChange }: LettersProps) {
  const { client } = useParts();
  const model = useMemo(() => createLettersModel(output.name, { client }), [output.name]);
  useEffect(() => () => model[Symbol.dispose](), [model]);
  const page = model.letters.value;
  const failure = model.failure.value;
  return (
    <article class="dead-letters">
      <header>
        <p class="page-crumb">
          <a href={formatRoute({ page: "outputs", name: null })}>
            <Icon name="back" />
            Outputs
          </a>
        </p>
        <h1>Dead letters of {output.name}</h1>
        <p class="quiet">
          Records it refused for good. Nothing else is held up by them; they stay until they are
          sent again or deleted.
        </p>
      </header>
      {page === null && failure !== null && (
        <CannotShow what="The dead letters" failure={failure} onRetry={() => model.refresh()} />
      )}
      {page?.items.length === 0 && <p class="letters-none">There are none.</p>}
      {page !== null && page.items.length > 0 && (
        <Letters model={model} output={output} items={page.items} onChange={onChange} />
      )}
      {page?.next_cursor != null && (
        <button type="button" onClick={() => void model.older()}>
          More of them
        </button>
      )}
    </article>
  );
}

interface ListProps extends LettersProps {
  readonly model: LettersModel;
  readonly items: readonly DeadLetterView[];
}

function Letters({ model, output, items, onChange }: ListProps) {
  const { access } = useParts();
  const writes = mayAdminister(access.state.value);
  return (
    <>
      {writes && <LetterActions model={model} output={output} onChange={onChange} />}
      <ol class="letters">
        {items.map((letter) => (
          <Letter key={letter.sequence} letter={letter} model={model} writes={writes} />
        ))}
      </ol>
    </>
  );
}

function LetterActions({ model, output, onChange }: Omit<ListProps, "items">) {
  const { toasts } = useParts();
  const replaying = useSignal(false);
  const deleting = useSignal(false);
  const chosen = model.chosen.value;
  const choice: DeadLetterChoice = chosen.size === 0 ? "all" : [...chosen];
  const count = chosen.size === 0 ? output.dead_letters : chosen.size;
  const which = chosen.size === 0 ? "all" : formatCount(chosen.size);

  async function act(what: "replay" | "delete"): Promise<Failure | undefined> {
    const result = await model.act(what, choice);
    if (typeof result !== "number") return result;
    const letters = formatPlural(result, "dead letter");
    toasts.say(what === "replay" ? `${letters} will be sent again.` : `${letters} deleted.`);
    onChange();
    return undefined;
  }

  return (
    <div class="letters-tools">
      <label>
        <input
          type="checkbox"
          checked={model.areAllChosen}
          onChange={(event) => model.chooseAll(event.currentTarget.checked)}
        />
        {chosen.size === 0 ? "None chosen" : `${formatCount(chosen.size)} chosen`}
      </label>
      <button type="button" onClick={() => (replaying.value = true)}>
        <Icon name="run" />
        Send {which} again
      </button>
      <button type="button" onClick={() => (deleting.value = true)}>
        <Icon name="remove" />
        Delete {which}
      </button>
      <ReplayDialog
        open={replaying}
        title={`Send ${formatPlural(count, "dead letter")} again?`}
        onReplay={() => act("replay")}
      >
        They go to {output.name} once more. What it refuses again becomes a dead letter again.
      </ReplayDialog>
      <DeleteDialog
        title={`Delete ${formatPlural(count, "dead letter")}?`}
        name={null}
        open={deleting}
        onDelete={() => act("delete")}
      >
        {output.name} will never get them. Nothing brings them back.
      </DeleteDialog>
    </div>
  );
}

interface LetterProps {
  readonly letter: DeadLetterView;
  readonly model: LettersModel;
  readonly writes: boolean;
}

function Letter({ letter, model, writes }: LetterProps) {
  const at = Date.parse(letter.at);
  const id = `letter-${letter.sequence}`;
  return (
    <li class="letter">
      {writes && (
        <input
          type="checkbox"
          aria-labelledby={id}
          checked={model.chosen.value.has(letter.sequence)}
          onChange={(event) => model.choose(letter.sequence, event.currentTarget.checked)}
        />
      )}
      <div>
        <p id={id} class="letter-why">
          {letter.why}
        </p>
        <p class="quiet letter-line">
          <time dateTime={letter.at} title={formatInstant(at)}>
            {formatMoment(at, Date.now())}
          </time>
          , after {formatPlural(letter.attempts, "attempt")} <code>{letter.id}</code>
        </p>
        <details>
          <summary>The record</summary>
          <CopyText text={JSON.stringify(letter.record, null, 2)} what="the record" />
        </details>
      </div>
    </li>
  );
}
