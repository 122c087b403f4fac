/** The single controls. What is typed goes into the draft at once; an empty optional one leaves its key out. */
import { useSignal } from "@preact/signals";
import type { ChoiceField, JsonField, NumberField, TextField } from "./field.ts";
import { controlProps, useProblem } from "./control.tsx";
import { useForm } from "./form-state.ts";
import { readJsonText, writeJsonText } from "./json-text.ts";
import type { Path } from "./path.ts";
import { isSecret } from "./secret.ts";

interface InputProps<F> {
  readonly field: F;
  readonly path: Path;
}

/** One line, many lines, or a password. */
export function TextInput({ field, path }: InputProps<TextField>) {
  const form = useForm();
  const value = form.get(path);
  const common = {
    ...controlProps(path, useProblem(path)),
    value: typeof value === "string" ? value : "",
    maxLength: field.maxLength,
    spellcheck: false,
    onInput: (event: { currentTarget: { value: string } }) => {
      const text = event.currentTarget.value;
      form.set(path, text === "" && !field.required ? undefined : text);
    },
  };
  if (field.isInstant) return <InstantInput field={field} path={path} />;
  if (field.multiline) return <textarea {...common} class="mono" rows={3} />;
  if (isSecret(path, form.secrets.value)) {
    return <input {...common} type="password" autocomplete="new-password" />;
  }
  return <input {...common} type="text" autocomplete="off" />;
}

/** An instant, on the clock of whoever looks. */
function InstantInput({ path }: InputProps<TextField>) {
  const form = useForm();
  const value = form.get(path);
  return (
    <input
      {...controlProps(path, useProblem(path))}
      type="datetime-local"
      value={typeof value === "string" ? localText(value) : ""}
      onInput={(event) => {
        const at = Date.parse(event.currentTarget.value);
        form.set(path, Number.isNaN(at) ? undefined : new Date(at).toISOString());
      }}
    />
  );
}

/** As a field for date and time wants it: `2026-11-21T16:30`. */
function localText(instant: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const durationUnits = [
  ["seconds", 1],
  ["minutes", 60],
  ["hours", 3600],
  ["days", 86_400],
] as const;

/** Seconds, in the largest unit that says them whole. */
function DurationInput({ field, path }: InputProps<NumberField>) {
  const form = useForm();
  const value = form.get(path);
  const seconds = typeof value === "number" ? value : null;
  const size = useSignal(sizeOf(seconds));
  return (
    <span class="with-unit">
      <input
        {...controlProps(path, useProblem(path))}
        type="number"
        inputMode="decimal"
        step="any"
        min={0}
        value={seconds === null ? "" : seconds / size.value}
        onInput={({ currentTarget: { value: text, valueAsNumber } }) =>
          form.set(
            path,
            text === ""
              ? field.nullable
                ? null
                : undefined
              : Math.round(valueAsNumber * size.value),
          )
        }
      />
      <select
        aria-label="Unit"
        value={String(size.value)}
        onChange={(event) => {
          const former = size.value;
          size.value = Number(event.currentTarget.value);
          if (seconds !== null) form.set(path, Math.round((seconds / former) * size.value));
        }}
      >
        {durationUnits.map(([name, unitSeconds]) => (
          <option key={name} value={String(unitSeconds)}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}

function sizeOf(seconds: number | null): number {
  if (seconds === null || seconds === 0) return 60;
  return durationUnits.findLast(([, size]) => seconds % size === 0)?.[1] ?? 1;
}

/** A number with its unit behind it. Empty means null where that is a value, else that it is left out. */
export function NumberInput({ field, path }: InputProps<NumberField>) {
  const form = useForm();
  if (field.unit === "duration") return <DurationInput field={field} path={path} />;
  const value = form.get(path);
  const placeholder = typeof field.fallback === "number" ? String(field.fallback) : undefined;
  return (
    <span class="with-unit">
      <input
        {...controlProps(path, useProblem(path))}
        type="number"
        inputMode={field.integer ? "numeric" : "decimal"}
        step={field.integer ? 1 : "any"}
        min={field.minimum}
        max={field.maximum}
        placeholder={placeholder}
        value={typeof value === "number" ? value : ""}
        onInput={(event) => {
          const { value: text, valueAsNumber } = event.currentTarget;
          if (text !== "") form.set(path, valueAsNumber);
          else form.set(path, field.nullable ? null : undefined);
        }}
      />
      {field.unit !== "" && <span>{field.unit}</span>}
    </span>
  );
}

/** One of a few values. */
export function ChoiceInput({ field, path }: InputProps<ChoiceField>) {
  const form = useForm();
  const value = form.get(path);
  const chosen = field.options.find((option) => option.value === value);
  return (
    <select
      {...controlProps(path, useProblem(path))}
      value={chosen?.title ?? ""}
      onChange={(event) => {
        const text = event.currentTarget.value;
        form.set(path, field.options.find((option) => option.title === text)?.value);
      }}
    >
      {chosen === undefined && <option value="">–</option>}
      {field.options.map((option) => (
        <option key={option.title} value={option.title}>
          {option.title}
        </option>
      ))}
    </select>
  );
}

/** Yes or no. */
export function SwitchInput({ path }: { path: Path }) {
  const form = useForm();
  return (
    <input
      {...controlProps(path, useProblem(path))}
      type="checkbox"
      checked={form.get(path) === true}
      onChange={(event) => form.set(path, event.currentTarget.checked)}
    />
  );
}

/** Any JSON value; says how it was read. */
export function JsonInput({ path }: InputProps<JsonField>) {
  const form = useForm();
  const text = useSignal(writeJsonText(form.get(path)));
  const read = readJsonText(text.value);
  const problem = useProblem(path);
  return (
    <>
      <textarea
        {...controlProps(path, read.kind === "broken" ? "broken" : problem)}
        class="mono"
        rows={text.value.includes("\n") ? 6 : 1}
        spellcheck={false}
        value={text}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          const next = readJsonText(text.value);
          // What is broken is sent as it is: the hub says what it thinks of it.
          if (next.kind === "value") form.set(path, next.value);
          else form.set(path, next.kind === "nothing" ? undefined : text.value);
        }}
      />
      <p class={read.kind === "broken" ? "field-problem" : "field-help"}>
        {read.kind === "broken" && "Begins like JSON, but is none."}
        {read.kind === "value" && `Read as ${read.readAs}.`}
      </p>
    </>
  );
}
