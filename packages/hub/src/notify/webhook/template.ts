/**
 * Templates without logic: `{{name}}` and `{{a.b}}` are values, `{{.}}` the value at hand, `{{#name}}…{{/name}}` is repeated for
 * each item of a list, told once for anything else that is not empty, zero or false, and left out otherwise. Nothing else.
 * Inside, names are looked for in the value at hand first, then around it; own properties only. An item of a list knows
 * `has_next`, true for all but the last: `{{#has_next}},{{/has_next}}` parts them.
 */
import { bad, ok, type Parsed } from "@belfry/contract";
import { writerOf, type TemplateForm } from "./template-form.ts";

/** Renders with a value. */
export type Template = (value: unknown) => string;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly path: string; readonly write: (value: unknown) => string }
  | { readonly kind: "section"; readonly path: string; readonly parts: readonly Part[] };

interface OpenSection {
  readonly path: string;
  readonly parts: Part[];
  readonly begin: number;
  readonly isQuoted: boolean;
}

const tag = /\{\{([\s\S]*?)(\}\}|$)/g;
const name = /^([#/]?)\s*(\.|[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)$/;

/** Compiles a template; a problem names its line and column. */
export function compileTemplate(text: string, form: TemplateForm): Parsed<Template> {
  const root: OpenSection = { path: "", parts: [], begin: 0, isQuoted: false };
  const open: OpenSection[] = [];
  let top = root;
  let end = 0;
  let isQuoted = false;
  const wrong = (at: number, what: string): Parsed<Template> => bad(problemAt(text, at, what));

  function addText(literal: string): void {
    if (literal !== "") top.parts.push({ kind: "text", text: literal });
    // What is behind a backslash is never a quote that ends.
    for (const [mark] of literal.matchAll(/\\[\s\S]|"/g)) if (mark === '"') isQuoted = !isQuoted;
  }

  for (const { 0: whole, 1: inner = "", 2: close, index } of text.matchAll(tag)) {
    addText(text.slice(end, index));
    end = index + whole.length;
    if (close === "") return wrong(index, "{{ is never closed");
    const found = name.exec(inner.trim());
    if (found === null) return wrong(index, `${whole} is neither a value nor a section`);
    const [, sign = "", path = ""] = found;
    if (sign === "#") {
      // A list in itself would be told a power of times.
      if (top.path === path || open.some((section) => section.path === path))
        return wrong(index, `the section ${path} is within itself`);
      open.push(top);
      top = { path, parts: [], begin: index, isQuoted };
    } else if (sign === "") {
      top.parts.push({ kind: "value", path, write: writerOf(form, isQuoted) });
    } else {
      const around = open.pop();
      if (around === undefined || top.path !== path)
        return wrong(index, `${whole} closes what is not open`);
      if (form === "json" && top.isQuoted !== isQuoted)
        return wrong(top.begin, `the section ${path} opens a quote that it does not close`);
      around.parts.push({ kind: "section", path, parts: top.parts });
      top = around;
    }
  }
  addText(text.slice(end));
  if (top !== root) return wrong(top.begin, `the section ${top.path} is never closed`);
  return ok((value) => render(root.parts, [value]));
}

function problemAt(text: string, at: number, what: string): { path: string; message: string } {
  const lines = text.slice(0, at).split("\n");
  const column = (lines.at(-1) ?? "").length + 1;
  return { path: "", message: `line ${lines.length}, column ${column}: ${what}` };
}

function render(parts: readonly Part[], around: readonly unknown[]): string {
  return parts
    .map((part) => {
      if (part.kind === "text") return part.text;
      const value = lookUp(part.path, around);
      if (part.kind === "value") return part.write(value);
      if (!Array.isArray(value)) return value ? render(part.parts, [...around, value]) : "";
      const last = value.length - 1;
      return value
        .map((item: unknown, i) => render(part.parts, [...around, { has_next: i < last }, item]))
        .join("");
    })
    .join("");
}

function lookUp(path: string, around: readonly unknown[]): unknown {
  if (path === ".") return around.at(-1);
  const [first = "", ...rest] = path.split(".");
  const owner = around.findLast((value) => hasOwn(value, first));
  return [first, ...rest].reduce<unknown>(
    (value, key) => (hasOwn(value, key) ? Reflect.get(value, key) : undefined),
    owner,
  );
}

function hasOwn(value: unknown, key: string): value is object {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}
