/**
 * A part of a whole, from 0 to 1, to four digits: more of them say nothing of a host, and cost room in every sample. NaN
 * where there is no whole.
 */
export function ratioOf(part: number, whole: number): number {
  if (!(whole > 0)) return Number.NaN;
  return Math.round(Math.min(1, Math.max(0, part / whole)) * 10_000) / 10_000;
}
