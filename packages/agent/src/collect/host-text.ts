/** Text that a host says about itself (names of processes, models, people), made fit for pages, logs and JSON. */

const longestText = 512;
/** Control characters, line and paragraph separators, and marks that turn the direction of text around. */
const unfit = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** `raw` without control characters and blanks around it, at most `longest` UTF-16 units long; may be empty. */
export function hostText(raw: string, longest = longestText): string {
  const text = raw
    .slice(0, longest * 4)
    .replace(unfit, "")
    .trim();
  const end = isHighSurrogate(text.charCodeAt(longest - 1)) ? longest - 1 : longest;
  return text.slice(0, end).toWellFormed().trimEnd();
}

/** The same; undefined where nothing is left, or nothing was there. */
export function hostTextOrNone(raw: string | undefined, longest?: number): string | undefined {
  const text = raw === undefined ? "" : hostText(raw, longest);
  return text === "" ? undefined : text;
}

/** The entries that have a value, for objects whose absent keys have to be absent. */
export function present<T extends object>(entries: { [K in keyof T]: T[K] | undefined }): T {
  return definedOnly(entries);
}

/** Guarantee: a key with `undefined` is left out and every other keeps its value, so what is left is a `T`. */
function definedOnly<T extends object>(entries: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as T;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
