/**
 * Keys of items, `name[parameter,…]`, quoted exactly as Zabbix does when it makes items from prototypes: the key that is sent
 * must be the key that its low-level discovery made, byte for byte.
 */
import { createHash } from "node:crypto";

/** Zabbix keeps 2048 characters of a key and 255 of an item's name, in which the parameter stands as well. */
const longestParameter = 200;

/**
 * A text as it may be a parameter: well-formed, without control characters, at most 200 characters (of a longer one the
 * beginning, and a digest of the whole so that two of them stay two). Discovery has to announce it in this form.
 */
export function parameterOf(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const clean = text.toWellFormed().replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, " ");
  const whole = fitted(clean, text);
  // Zabbix cannot quote what ends in a backslash: it would escape the quote.
  return needsQuotes(whole) && whole.endsWith("\\") ? `${whole} ` : whole;
}

/** A key: a name, and parameters as `parameterOf` gave them. */
export function itemKey(name: string, ...parameters: readonly string[]): string {
  if (parameters.length === 0) return name;
  return `${name}[${parameters.map(quoted).join(",")}]`;
}

/** A text as a part of a key's name, where only some ASCII characters may stand. */
export function keyPart(text: string): string {
  const part = text.replace(/[^0-9A-Za-z_.-]/g, "_").slice(0, 100);
  return part === "" ? "unknown" : part;
}

function fitted(clean: string, text: string): string {
  const characters = Array.from(clean);
  if (characters.length <= longestParameter) return clean;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return `${characters.slice(0, longestParameter - 13).join("")}~${digest}`;
}

function quoted(parameter: string): string {
  return needsQuotes(parameter) ? `"${parameter.replaceAll('"', '\\"')}"` : parameter;
}

function needsQuotes(parameter: string): boolean {
  return /^["\x20[]|[,\]]/.test(parameter);
}
