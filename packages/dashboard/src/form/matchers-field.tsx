/** Matchers, one below the other: which label, how it is compared, with what. */
import { Icon } from "../parts/icon.tsx";
import { inputId, useProblem } from "./control.tsx";
import { useForm } from "./form-state.ts";
import { comparisonOf, comparisons, matcherOf, type Comparison } from "./matcher-text.ts";
import { isRecord, type Path } from "./path.ts";

interface MatchersProps {
  readonly path: Path;
  readonly title: string;
  readonly help: string;
  /** Names that are offered; those everything has, unless given. */
  readonly names?: readonly string[];
}

/** Names that everything has, besides labels. */
const known = ["subject", "subject_kind", "severity", "rule"];

/** Draws the list and the way to one more. */
export function MatchersField({ path, title, help, names = known }: MatchersProps) {
  const form = useForm();
  const value = form.get(path);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return (
    <fieldset class="field-group matchers-field">
      <legend>{title}</legend>
      <p class="field-help">{help}</p>
      <div class="list">
        {items.map((item, i) => (
          <Row
            key={`${i} of ${items.length}`}
            path={[...path, i]}
            value={item}
            place={i + 1}
            list={`${inputId(path)}-names`}
          />
        ))}
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            form.set([...path, items.length], matcherOf("", "=", ""));
            const id = inputId([...path, items.length, "name"]);
            requestAnimationFrame(() => document.getElementById(id)?.focus());
          }}
        >
          <Icon name="plus" /> Add matcher
        </button>
      </div>
      <datalist id={`${inputId(path)}-names`}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </fieldset>
  );
}

interface RowProps {
  readonly path: Path;
  readonly value: unknown;
  readonly place: number;
  /** The list of names that are offered. */
  readonly list: string;
}

function Row({ path, value, place, list }: RowProps) {
  const form = useForm();
  const ofName = useProblem([...path, "name"]);
  const ofValue = useProblem([...path, "value"]);
  const problem = [ofName, ofValue].filter((text) => text !== "").join("; ");
  const matcher = isRecord(value) ? value : {};
  const name = typeof matcher["name"] === "string" ? matcher["name"] : "";
  const text = typeof matcher["value"] === "string" ? matcher["value"] : "";
  const comparison = comparisonOf(matcher["is_equal"] !== false, matcher["is_regex"] === true);
  const put = (change: { name?: string; comparison?: Comparison; text?: string }): void =>
    form.set(
      path,
      matcherOf(change.name ?? name, change.comparison ?? comparison, change.text ?? text),
    );
  return (
    <div class="list-item matcher-item">
      <input
        id={inputId([...path, "name"])}
        aria-label={`Label ${place}`}
        aria-invalid={ofName !== ""}
        list={list}
        placeholder="label"
        autocomplete="off"
        spellcheck={false}
        value={name}
        onInput={(event) => put({ name: event.currentTarget.value })}
      />
      <select
        aria-label={`How label ${place} is compared`}
        value={comparison}
        onChange={({ currentTarget }) => {
          const chosen = comparisons.find(([one]) => one === currentTarget.value);
          if (chosen !== undefined) put({ comparison: chosen[0] });
        }}
      >
        {comparisons.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
      <input
        id={inputId([...path, "value"])}
        aria-label={`Value of label ${place}`}
        aria-invalid={ofValue !== ""}
        placeholder="value"
        autocomplete="off"
        spellcheck={false}
        maxLength={1000}
        value={text}
        onInput={(event) => put({ text: event.currentTarget.value })}
      />
      <button
        type="button"
        class="button-icon"
        aria-label={`Remove matcher ${place}`}
        onClick={() => form.set(path, undefined)}
      >
        <Icon name="close" />
      </button>
      {problem !== "" && <p class="field-problem">{problem}</p>}
    </div>
  );
}
