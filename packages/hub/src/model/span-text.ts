/** Spans as people say them. */

const units = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** A span of whole seconds in the largest unit that it is whole in: `1 d`, `90 min`, `45 s`. For what somebody set. */
export function spanText(seconds: number): string {
  const [size, unit] = units.find(([one]) => seconds > 0 && seconds % one === 0) ?? [1, "s"];
  return `${seconds / size} ${unit}`;
}

/** A span in seconds by its two largest units: `3 h 5 min`, `42 s`. For what was measured; below zero it is `0 s`. */
export function durationText(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const first = units.findIndex(([size]) => left >= size);
  if (first === -1) return "0 s";
  const parts: string[] = [];
  for (const [size, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}
