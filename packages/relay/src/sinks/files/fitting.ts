/** What of a batch goes into a file that may only become so large. */

/** A record as it is written, with its end; and its id. */
export interface Row {
  readonly id: string;
  readonly text: string;
}

/** How many of the rows from `first` on fit into `room` bytes, up to one that the file holds already. */
export function fitting(
  rows: readonly Row[],
  first: number,
  { room, held }: { readonly room: number; readonly held: ReadonlySet<string> },
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

/**
 * Appends rows piece by piece: `appendSome` writes what goes into one file and answers how many rows these were, 0 after it
 * made room. Never rejects; looks at the signal between pieces.
 */
export async function appendAll(
  rows: readonly Row[],
  appendSome: (rows: readonly Row[], first: number) => Promise<number>,
  signal: AbortSignal,
): Promise<TakenRows> {
  let taken = 0;
  try {
    while (taken < rows.length) {
      signal.throwIfAborted();
      taken += await appendSome(rows, taken);
    }
    return { taken };
  } catch (failure) {
    return { taken, failure };
  }
}
