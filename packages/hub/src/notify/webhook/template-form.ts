/** What a template gives: values never break out of their place in it. */
import { escapeMarkup } from "../../model/markup.ts";

/** `form`: `application/x-www-form-urlencoded`; `markup`: XML and HTML. */
export type TemplateForm = "json" | "form" | "markup" | "text";

/**
 * How a value is written at a place. In JSON, between quotes it is escaped, outside of them it is whole JSON (text with its
 * quotes); in forms it is percent-encoded; in markup its marks are entities; in plain text it stays as it is.
 */
export function writerOf(form: TemplateForm, isQuoted: boolean): (value: unknown) => string {
  switch (form) {
    case "json":
      if (!isQuoted) return wholeJson;
      return (value) => JSON.stringify(textOf(value)).slice(1, -1);
    case "form":
      return (value) => encodeURIComponent(textOf(value));
    case "markup":
      return (value) => inMarkup(textOf(value));
    case "text":
      return textOf;
  }
}

function wholeJson(value: unknown): string {
  return JSON.stringify(typeof value === "string" ? value.toWellFormed() : (value ?? null));
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
}

function inMarkup(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what XML cannot hold in any form
  return escapeMarkup(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ""));
}
