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
  if (field.multiline) return <textarea {...common} class="mono" rows={3} />;
  if (isSecret(path, form.secrets.value)) {
    return <input {...common} type="password" autocomplete="new-password" />;
  }
  return <input {...common} type="text" autocomplete="off" />;
}

/** A number with its unit behind it. Empty means null where that is a value, else that it is left out. */
export function NumberInput({ field, path }: InputProps<NumberField>) {
  const form = useForm();
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
