/** One line per event: time, level, message, fields. Levels as the System Stats Service names them, too. */

const levels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof levels)[number];

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const aliases: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  warning: "warn",
  critical: "error",
  fatal: "error",
};

/** The level a name means, in any case; undefined: there is none of that name. */
export function parseLevel(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  return levels.find((level) => level === lower) ?? aliases[lower];
}

export function createLog(
  level: LogLevel,
  write: (line: string) => void,
  now: () => number = Date.now,
): Log {
  const least = levels.indexOf(level);
  const line = (at: LogLevel) => (fields: object, message: string) => {
    if (levels.indexOf(at) < least) return;
    write(`${new Date(now()).toISOString()} ${at.padEnd(5)} ${message}${shown(fields)}\n`);
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** ` name=value …`; texts with spaces or quotes as JSON. Nothing in it can begin a new line. */
function shown(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]: [string, unknown]) => ` ${name}=${shownValue(value)}`)
    .join("");
}

function shownValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === "string")
    return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? String(value);
}
