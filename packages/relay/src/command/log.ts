/** One line per event: time, level, message, fields as `name=value`. Nothing in it can begin a new line. */
import type { SpoolLog } from "../spool/settings.ts";

/** Makes a log that hands over whole lines. */
export function createLog(write: (line: string) => void, now: () => number): SpoolLog {
  const line = (level: string) => (fields: object, message: string) =>
    write(`${new Date(now()).toISOString()} ${level} ${message}${shown(fields)}\n`);
  return { info: line("info "), warn: line("warn ") };
}

function shown(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]: [string, unknown]) => ` ${name}=${shownValue(value)}`)
    .join("");
}

function shownValue(value: unknown): string {
  const isPlain = typeof value === "string" && /^[^\s"=\p{Cc}]+$/u.test(value);
  return isPlain ? value : (JSON.stringify(value) ?? String(value));
}
