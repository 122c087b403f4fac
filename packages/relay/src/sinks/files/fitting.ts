/** What of a batch goes into a file that may only become so large. */

import type { HeldIds } from "./held.ts";

/** A record as it is written, with its end; and its id. */
export interface Row {
  readonly id: string;
  readonly text: string;
}

/** How many of the rows from `first` on fit into `room` bytes, up to one that the file holds already. */
export function fitting(
  rows: readonly Row[],
  first: number,
  { room, held }: { readonly room: number; readonly held: Pick<HeldIds, "has"> },
): number {
  let used = 0;
  for (let i = first; i < rows.length; i += 1) {
    const next = rows[i];
    if (next === undefined || held.has(next.id)) return i - first;
    used += Buffer.byteLength(next.text);
    if (used > room) return i - first;
  }
  return rows.length - first;
}

/** How many rows are on the disk, and why not all of them. */
export interface TakenRows {
  readonly taken: number;
  readonly failure?: unknown;
}

/** How rows get into files. */
export interface Pieces {
  /** Writes what goes into one file, and answers how many rows these were; 0 after it made room. */
  readonly appendSome: (rows: readonly Row[], first: number) => Promise<number>;
  readonly held: Pick<HeldIds, "endBatch">;
}

/** Appends rows piece by piece. Never rejects; looks at the signal between pieces. */
export async function appendAll(
  rows: readonly Row[],
  { appendSome, held }: Pieces,
  signal: AbortSignal,
): Promise<TakenRows> {
  let taken = 0;
  try {
    while (taken < rows.length) {
      signal.throwIfAborted();
      taken += await appendSome(rows, taken);
    }
    held.endBatch();
    return { taken };
  } catch (failure) {
    return { taken, failure };
  }
}
