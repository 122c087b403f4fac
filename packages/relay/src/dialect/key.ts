/**
 * The key of an event, by which a repeat is known.
 *
 * - A client that gives one: that one. A *loose* key (dialect D names a second, not an event) gets a part that is made from
 *   what the event says: two different events of one second stay two, the same event sent again stays one.
 * - None, and the event says when it happened: made from all it says. Sent again it has the same; two different events
 *   never do. The second of two equal events within one request is another event, for a repeat comes in a request of its own.
 * - None, and no time either: two equal events cannot be told from one sent twice, and both count. A random key.
 */
import { hash } from "node:crypto";
import type { Draft } from "./draft.ts";

/** Gives keys to the events of one request. */
export class KeyMaker {
  readonly #random: () => string;
  readonly #seen = new Map<string, number>();

  /** `random`: makes a key that nobody else has. */
  constructor(random: () => string) {
    this.#random = random;
  }

  keyOf(draft: Draft): string {
    if (draft.key !== null && !draft.isKeyLoose) return draft.key;
    if (draft.key !== null) return `${draft.key.slice(0, 167)}-${digestOf(draft)}`;
    if (!draft.hasTime) return this.#random();
    const digest = digestOf(draft);
    const before = this.#seen.get(digest) ?? 0;
    this.#seen.set(digest, before + 1);
    return before === 0 ? `content-${digest}` : `content-${digest}-${before + 1}`;
  }
}

/** 128 bits of what an event says, in hexadecimal digits; the order of its fields does not matter. */
function digestOf(draft: Draft): string {
  return hash("sha256", JSON.stringify(sorted(draft))).slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, inner]) => [name, sorted(inner)]);
}
