/** Sizes for people. */
const units = ["kB", "MB", "GB", "TB"];

/** Bytes as `812 B`, `3.1 kB`, `45 MB`: decimal units, two digits at least. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = "B";
  for (const next of units) {
    if (size < 1_000) break;
    size /= 1_000;
    unit = next;
  }
  return `${unit === "B" || size >= 10 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}
