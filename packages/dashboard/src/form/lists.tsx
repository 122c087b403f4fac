/** Controls for several values: lists of anything, and free names with a text each. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { Icon } from "../parts/icon.tsx";
import { blankOf, type Field, type ListField } from "./field.ts";
import { inputId, KeptSecret, useProblem } from "./control.tsx";
import { useForm } from "./form-state.ts";
import { dotted, isRecord, type Path } from "./path.ts";
import { isMask, isSecret } from "./secret.ts";

interface ListProps {
  readonly field: ListField;
  readonly path: Path;
  /** Draws one item. */
  readonly Item: ComponentType<{ field: Field; path: Path }>;
}

/** Items one below the other, each with a way out. */
export function ListInput({ field, path, Item }: ListProps) {
  const form = useForm();
  const value = form.get(path);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  if (field.isSet && field.item.kind === "choice") {
    return <ChoiceSet field={field} path={path} Item={Item} />;
  }
  const isPlain = isPlainItem(field);
  const noun = field.item.title === "" ? field.title : field.item.title;
  return (
    <div class={isPlain ? "list list-plain" : "list"}>
      {items.map((_item, i) => (
        <ListItem
          // Items have no names of their own: adding and removing draws all of them anew.
          key={`${i} of ${items.length}`}
          Item={Item}
          field={field}
          path={[...path, i]}
          label={`${noun} ${i + 1}`}
        />
      ))}
      <button
        type="button"
        class="button-quiet"
        onClick={() => {
          form.set([...path, items.length], blankOf(field.item) ?? null);
          focusSoon([...path, items.length]);
        }}
      >
        <Icon name="plus" /> Add {isPlain ? "" : noun.toLowerCase()}
      </button>
    </div>
  );
}

/** Choices that are ticked. They stay in the order of the choices. */
function ChoiceSet({ field, path }: ListProps) {
  const form = useForm();
  const value = form.get(path);
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const options = field.item.kind === "choice" ? field.item.options : [];
  return (
    <div class="choice-set">
      {options.map(({ value: option, title }) => (
        <label key={title}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={({ currentTarget: { checked } }) =>
              form.set(
                path,
                options
                  .map((one) => one.value)
                  .filter((one) => (one === option ? checked : chosen.includes(one))),
              )
            }
          />
          {title}
        </label>
      ))}
    </div>
  );
}

function ListItem({ field, path, label, Item }: ListProps & { label: string }) {
  const form = useForm();
  const problem = useProblem(path);
  const isPlain = isPlainItem(field);
  return (
    <div class="list-item">
      {isPlain ? (
        <>
          <label class="visually-hidden" for={inputId(path)}>
            {label}
          </label>
          <Item field={field.item} path={path} />
        </>
      ) : (
        <Item field={{ ...field.item, title: label }} path={path} />
      )}
      <button
        type="button"
        class="button-icon"
        aria-label={`Remove ${label.toLowerCase()}`}
        onClick={() => form.set(path, undefined)}
      >
        <Icon name="close" />
      </button>
      {isPlain && problem !== "" && (
        <p id={`${inputId(path)}-problem`} class="field-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

function isPlainItem({ item }: ListField): boolean {
  return item.kind === "text" || item.kind === "number" || item.kind === "choice";
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
}

/** Names and texts side by side. Two rows of one name: the later one counts, as it will when it is saved. */
export function MapInput({ path }: { path: Path }) {
  const form = useForm();
  const held = form.get(path);
  const rows = useSignal<readonly Row[]>(
    Object.entries(isRecord(held) ? held : {}).map(([name, value], id) => ({ id, name, value })),
  );
  const change = (next: readonly Row[]): void => {
    rows.value = next;
    form.set(
      path,
      Object.fromEntries(
        next
          .filter(({ name }) => name.trim() !== "")
          .map(({ name, value }) => [name.trim(), value]),
      ),
    );
  };
  const put = (row: Row): void => change(rows.value.map((one) => (one.id === row.id ? row : one)));
  const nextId = Math.max(-1, ...rows.value.map(({ id }) => id)) + 1;
  return (
    <div class="list">
      {rows.value.map((row) => (
        <MapRow
          key={row.id}
          row={row}
          path={[...path, row.name]}
          id={`${inputId(path)}-${row.id}`}
          onChange={put}
          onRemove={() => change(rows.value.filter((one) => one !== row))}
        />
      ))}
      <button
        type="button"
        class="button-quiet"
        onClick={() => {
          rows.value = [...rows.value, { id: nextId, name: "", value: "" }];
          requestAnimationFrame(() =>
            document.getElementById(`${inputId(path)}-${nextId}-name`)?.focus(),
          );
        }}
      >
        <Icon name="plus" /> Add
      </button>
    </div>
  );
}

interface MapRowProps {
  readonly row: Row;
  readonly path: Path;
  readonly id: string;
  readonly onChange: (row: Row) => void;
  readonly onRemove: () => void;
}

function MapRow({ row, path, id, onChange, onRemove }: MapRowProps) {
  const form = useForm();
  const at = dotted(path);
  const problem = form.problems.value
    .filter((one) => row.name !== "" && one.path === at)
    .map((one) => one.message)
    .join("; ");
  const secret = isSecret([...path.slice(0, -1), "any"], form.secrets.value);
  return (
    <div class="list-item map-item">
      <input
        id={`${id}-name`}
        aria-label="Name"
        placeholder="Name"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problem !== ""}
        value={row.name}
        onInput={(event) => onChange({ ...row, name: event.currentTarget.value })}
      />
      {isMask(row.value) ? (
        <KeptSecret path={path} onReplace={() => onChange({ ...row, value: "" })} />
      ) : (
        <ValueInput row={row} secret={secret} isWrong={problem !== ""} onChange={onChange} />
      )}
      <button
        type="button"
        class="button-icon"
        aria-label={`Remove ${row.name === "" ? "this row" : row.name}`}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
      {problem !== "" && <p class="field-problem">{problem}</p>}
    </div>
  );
}

interface ValueProps extends Pick<MapRowProps, "row" | "onChange"> {
  readonly secret: boolean;
  readonly isWrong: boolean;
}

function ValueInput({ row, secret, isWrong, onChange }: ValueProps) {
  const common = {
    "aria-label": `Value of ${row.name === "" ? "the new name" : row.name}`,
    "aria-invalid": isWrong,
    placeholder: "Value",
    spellcheck: false,
    value: typeof row.value === "string" ? row.value : "",
    onInput: (event: { currentTarget: { value: string } }) =>
      onChange({ ...row, value: event.currentTarget.value }),
  };
  if (secret) return <input {...common} type="password" autocomplete="new-password" />;
  return <input {...common} type="text" autocomplete="off" />;
}

function focusSoon(path: Path): void {
  requestAnimationFrame(() => document.getElementById(inputId(path))?.focus());
}
