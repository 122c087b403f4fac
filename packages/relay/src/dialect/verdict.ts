/** What a client is told of each item it sent. */
import type { ReadEvents } from "./read-events.ts";

/** `taken`: it is on disk. `repeated`: it was before. `refused`: it never will be, for these reasons. */
export type Verdict =
  | {
      readonly index: number;
      readonly status: "taken" | "repeated";
      readonly idempotency_key: string;
    }
  | {
      readonly index: number;
      readonly status: "refused";
      readonly errors: readonly { readonly path: string; readonly message: string }[];
    };

/**
 * One verdict per item, in the order they came. `repeated` are the places within `read.taken` that were there already, as
 * `Spool.append` answers. A body that was refused as a whole has none.
 */
export function verdictsOf(read: ReadEvents, repeated: readonly number[]): readonly Verdict[] {
  const isRepeated = new Set(repeated);
  const verdicts = read.taken.map(({ idempotency_key }, i): Verdict => {
    const status = isRepeated.has(i) ? "repeated" : "taken";
    return { index: read.places[i] ?? i, status, idempotency_key };
  });
  if (read.refused.length === 0) return verdicts;
  const errors = new Map<number, { path: string; message: string }[]>();
  for (const { index, path, message } of read.refused) {
    if (index < 0) continue;
    const some = errors.get(index) ?? [];
    some.push({ path, message });
    errors.set(index, some);
  }
  for (const [index, some] of errors) verdicts.push({ index, status: "refused", errors: some });
  return verdicts.toSorted((a, b) => a.index - b.index);
}
