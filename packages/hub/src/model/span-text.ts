/** Spans as people say them. */

const units = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
] as const;

/** A span of whole seconds in the largest unit that it is whole in: `1 d`, `90 min`, `45 s`. */
export function spanText(seconds: number): string {
  const [size, unit] = units.find(([one]) => seconds > 0 && seconds % one === 0) ?? [1, "s"];
  return `${seconds / size} ${unit}`;
}
