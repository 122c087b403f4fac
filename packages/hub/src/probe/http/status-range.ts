/** Accepted status codes: `200`, `200-299`, `2xx`. */

/** JSON Schema pattern of one entry. */
export const statusRangePattern = "^([1-5][xX]{2}|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$";

interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Makes a test for status codes of entries that fit `statusRangePattern`. */
export function statusTest(entries: readonly string[]): (status: number) => boolean {
  const ranges = entries.map(rangeOf);
  return (status) => ranges.some(({ from, to }) => status >= from && status <= to);
}

function rangeOf(entry: string): StatusRange {
  if (/x/i.test(entry)) {
    const from = Number(entry[0]) * 100;
    return { from, to: from + 99 };
  }
  const [from = "", to = from] = entry.split("-");
  return { from: Number(from), to: Number(to) };
}
