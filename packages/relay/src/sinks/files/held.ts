/**
 * Records that a file was found to hold when it was opened: they are not written again when they come again. After a crash
 * they come first, in the order in which they were written; so a batch that was taken whole without one of them ends it,
 * and nothing is remembered any longer.
 */
import type { Row } from "./fitting.ts";

export interface HeldIds {
  learn(ids: readonly string[]): void;
  has(id: string): boolean;
  /** How many rows from `first` on are held, one after the other. Each is passed over once. */
  skip(rows: readonly Row[], first: number): number;
  /** A batch was taken whole. */
  endBatch(): void;
}

/** Nothing is held to begin with. */
export function createHeldIds(): HeldIds {
  const held = new Set<string>();
  let hits = 0;
  return {
    learn(ids) {
      for (const id of ids) held.add(id);
    },
    has: (id) => held.has(id),
    skip(rows, first) {
      let count = 0;
      while (held.delete(rows[first + count]?.id ?? "")) count += 1;
      hits += count;
      return count;
    },
    endBatch() {
      if (hits === 0) held.clear();
      hits = 0;
    },
  };
}
