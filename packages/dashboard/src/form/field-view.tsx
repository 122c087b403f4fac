/** Draws a field of any kind, with its title, its description, and what is wrong with it. */
import type { ComponentChildren } from "preact";
import { Icon } from "../parts/icon.tsx";
import {
  blankOf,
  initialOfVariant,
  variantOf,
  type Field,
  type ObjectField,
  type UnionField,
} from "./field.ts";
import { useForm } from "./form-state.ts";
import { inputId, KeptSecret, useProblem } from "./control.tsx";
import { ChoiceInput, JsonInput, NumberInput, SwitchInput, TextInput } from "./inputs.tsx";
import { ListInput, MapInput } from "./lists.tsx";
import type { Path } from "./path.ts";
import { isKept, isMask, isSecret } from "./secret.ts";
import "./form.css";

interface FieldProps<F extends Field> {
  readonly field: F;
  readonly path: Path;
}

/** Draws a field and what is below it. */
export function FieldView({ field, path }: FieldProps<Field>) {
  const form = useForm();
  if (isSecret(path, form.secrets.value) && isKept(form.get(path), field.nullable)) {
    return (
      <Group field={field} path={path}>
        <KeptSecret
          path={path}
          required={field.required && field.fallback === undefined}
          blank={blankOf(field) ?? ""}
        />
      </Group>
    );
  }
  switch (field.kind) {
    case "object":
      return <ObjectView field={field} path={path} />;
    case "union":
      return <UnionView field={field} path={path} />;
    case "list":
    case "map":
      return (
        <Group field={field} path={path}>
          {field.kind === "list" ? (
            <ListInput field={field} path={path} Item={Input} />
          ) : (
            <MapInput path={path} />
          )}
        </Group>
      );
    case "switch":
      return (
        <div class="field field-switch">
          <SwitchInput path={path} />
          <label for={inputId(path)}>{field.title}</label>
          <Details field={field} path={path} />
        </div>
      );
    case "text":
    case "number":
    case "choice":
    case "json":
      return (
        <div class={`field field-${field.kind}`}>
          <label for={inputId(path)}>
            {field.title}
            {!field.required && field.fallback === undefined && (
              <span class="field-optional">optional</span>
            )}
          </label>
          <Input field={field} path={path} />
          <Details field={field} path={path} />
        </div>
      );
  }
}

/** The control alone: for items of a list, which share a title. */
export function Input({ field, path }: FieldProps<Field>) {
  const form = useForm();
  if (isSecret(path, form.secrets.value) && isMask(form.get(path)))
    return <KeptSecret path={path} />;
  switch (field.kind) {
    case "text":
      return <TextInput field={field} path={path} />;
    case "number":
      return <NumberInput field={field} path={path} />;
    case "choice":
      return <ChoiceInput field={field} path={path} />;
    case "json":
      return <JsonInput field={field} path={path} />;
    case "switch":
      return <SwitchInput path={path} />;
    case "object":
    case "union":
    case "list":
    case "map":
      return <FieldView field={field} path={path} />;
  }
}

function Details({ field, path }: FieldProps<Field>) {
  const problem = useProblem(path);
  return (
    <>
      {field.description !== "" && (
        <p id={`${inputId(path)}-help`} class="field-help">
          <Words text={field.description} />
        </p>
      )}
      <Problem path={path} text={problem} />
    </>
  );
}

/** Descriptions put code between backticks. */
function Words({ text }: { text: string }) {
  return (
    <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
  );
}

function Problem({ path, text }: { path: Path; text: string }) {
  return (
    text !== "" && (
      <p id={`${inputId(path)}-problem`} class="field-problem">
        {text}
      </p>
    )
  );
}

function Group({ field, path, children }: FieldProps<Field> & { children: ComponentChildren }) {
  return (
    <fieldset class="field-group">
      <legend>{field.title}</legend>
      <Details field={field} path={path} />
      {children}
    </fieldset>
  );
}

/** An object that may be left out has to be asked for. */
function ObjectView({ field, path }: FieldProps<ObjectField>) {
  const form = useForm();
  const isThere = form.get(path) !== undefined;
  if (!isThere && !field.required) {
    return (
      <div class="field field-add">
        <button type="button" class="button-quiet" onClick={() => form.set(path, blankOf(field))}>
          <Icon name="plus" /> {field.title}
        </button>
      </div>
    );
  }
  return (
    <Group field={field} path={path}>
      <div class="fields">
        {field.fields.map((inner) => (
          <FieldView key={inner.key} field={inner} path={[...path, inner.key]} />
        ))}
      </div>
      {!field.required && field.fallback === undefined && (
        <button type="button" class="button-quiet" onClick={() => form.set(path, undefined)}>
          <Icon name="minus" /> Without {field.title.toLowerCase()}
        </button>
      )}
    </Group>
  );
}

const none = "";

function UnionView({ field, path }: FieldProps<UnionField>) {
  const form = useForm();
  const value = form.get(path);
  const variant = value === undefined ? undefined : variantOf(field, value);
  return (
    <Group field={field} path={path}>
      <select
        id={inputId(path)}
        aria-label={`Kind of ${field.title.toLowerCase()}`}
        value={variant === undefined ? none : String(variant.tagValue)}
        onChange={(event) => {
          const chosen = field.variants.find(
            (one) => String(one.tagValue) === event.currentTarget.value,
          );
          form.set(path, chosen === undefined ? undefined : initialOfVariant(field, chosen));
        }}
      >
        {!field.required && <option value={none}>None</option>}
        {field.variants.map((one) => (
          <option key={String(one.tagValue)} value={String(one.tagValue)}>
            {one.title}
          </option>
        ))}
      </select>
      {variant !== undefined && variant.fields.length > 0 && (
        <div class="fields">
          {variant.fields.map((inner) => (
            <FieldView
              key={`${String(variant.tagValue)} ${inner.key}`}
              field={inner}
              path={[...path, inner.key]}
            />
          ))}
        </div>
      )}
    </Group>
  );
}
