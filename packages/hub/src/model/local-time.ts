/** Times as the clocks of a zone show them. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-29T03:30:00+02:00`. `at` is epoch ms, `timezone` an IANA name; throws a `RangeError` for another. */
export function localTime(at: number, timezone: string): string {
  const seconds = Math.floor(at / 1000) * 1000;
  const offset = offsetMs(seconds, timezone);
  const shown = new Date(seconds + offset).toISOString().slice(0, 19);
  if (timezone === "UTC") return `${shown}Z`;
  const minutes = Math.abs(Math.round(offset / 60_000));
  const sign = offset < 0 ? "-" : "+";
  return `${shown}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** How far the clocks of a zone are ahead of UTC at an instant, in ms. */
export function offsetMs(at: number, timezone: string): number {
  if (timezone === "UTC") return 0;
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timezone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
