/** Times as Prometheus writes them: `1m30s`, `100ms`; a bare number is seconds. */

const units = {
  y: 31_536_000_000,
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
} as const;

const form =
  /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** In ms; undefined for what is no such time. */
export function parseDuration(text: string | number): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? text * 1000 : undefined;
  if (text === "0") return 0;
  const found = form.exec(text);
  if (found === null || text === "") return undefined;
  const sizes = Object.values(units);
  return found.slice(1).reduce((sum, part: string | undefined, i) => {
    return sum + Number(part ?? 0) * (sizes[i] ?? 0);
  }, 0);
}
