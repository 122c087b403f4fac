/** The log: one JSON object a line, or text for people. Never holds a secret: settings are not logged whole. */
import { pino, type Logger } from "pino";

export interface LogSettings {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly format: "json" | "text";
}

export type Log = Logger;

const levelNames: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARNING",
  50: "ERROR",
  60: "FATAL",
};

/** Opens the log on standard error, so that standard output stays for what a command answers. */
export function createLog(settings: LogSettings, write: (line: string) => void): Log {
  const stream = {
    write: settings.format === "json" ? write : (line: string) => write(textOf(line)),
  };
  return pino(
    {
      level: settings.level,
      base: null,
      serializers: { err: (error: unknown) => describeError(error) },
    },
    stream,
  );
}

/** `HH:MM:SS LEVEL message key=value …` of one JSON line. */
function textOf(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const { level, time, msg, err, ...rest } = record;
  const at = new Date(Number(time)).toTimeString().slice(0, 8);
  const extra = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const fault =
    typeof err === "object" && err !== null && "message" in err ? [`(${String(err.message)})`] : [];
  return `${[at, levelNames[Number(level)] ?? String(level), String(msg), ...extra, ...fault].join(" ")}\n`;
}

/** An error as data: its message, its code and where it came from, with its causes. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}
