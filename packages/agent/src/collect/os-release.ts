/** `/etc/os-release`: lines of `KEY=value`, values quoted as in a shell (`man 5 os-release`). */
import { hostTextOrNone } from "./host-text.ts";

/** Values by key. Lines that are none are left out. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, raw] = /^\s*([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    const value = raw === undefined ? undefined : hostTextOrNone(unquoted(raw.trim()), 256);
    if (key !== undefined && value !== undefined) values.set(key, value);
  }
  return values;
}

function unquoted(raw: string): string {
  const [, quote, inner] = /^(["'])([\s\S]*)\1$/.exec(raw) ?? [];
  if (inner === undefined) return raw;
  return quote === '"' ? inner.replace(/\\(["$`\\])/g, "$1") : inner;
}
