/** ` (did you mean listen?)` for a name that is one or two slips away from a known one; nothing otherwise. */
export function didYouMean(name: string, known: readonly string[]): string {
  const lower = name.toLowerCase();
  const bound = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  let best: string | undefined;
  let least = bound + 1;
  for (const candidate of known) {
    const distance = slips(lower, candidate.toLowerCase(), bound);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? "" : ` (did you mean ${best}?)`;
}

/** How many letters to insert, drop, change or swap with their neighbour; beyond `bound` any larger number. */
function slips(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
