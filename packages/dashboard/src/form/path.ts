/** Places within a draft, and the draft with one place changed. Drafts are plain JSON; nothing is changed in place. */

/** Keys and places from the outside in. */
export type Path = readonly (string | number)[];

/** As problems name it: `settings.assertions[0].kind`. */
export function dotted(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** What is there; undefined when nothing is. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

/** The draft with another value there; undefined takes the key, or the item of a list, away. */
export function withValueAt(value: unknown, path: Path, next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (typeof step === "number") {
    const list: unknown[] = Array.isArray(value) ? [...value] : [];
    const inner = withValueAt(list[step], rest, next);
    if (inner === undefined && rest.length === 0) list.splice(step, 1);
    else list[step] = inner;
    return list;
  }
  const record: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  const inner = withValueAt(record[step], rest, next);
  if (inner === undefined) delete record[step];
  else record[step] = inner;
  return record;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
