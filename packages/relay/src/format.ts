/**
 * Format strings of outputs: `{timestamp} - {target_name} - {value}`. A placeholder is a name in braces, `{{` and `}}`
 * are braces. What is put in never breaks a line: control characters of names and targets become spaces.
 */
import { bad, ok, type Parsed } from "@belfry/contract";
import type { CheckRecord } from "./sink-record.ts";

/** Makes the line of a record, without a line end. */
export type Format = (record: CheckRecord) => string;

/** The format where none is given, as Amaunator has it. */
export const defaultFormat = "{timestamp} - {target_name} - {value}";

/** Every placeholder with what it stands for. The first four are Amaunator's. */
export const placeholders = {
  timestamp: {
    meaning: "when the check began, local time, `YYYY-MM-DD HH:MM:SS`",
    of: (record) => localTime(Date.parse(record.at)),
  },
  target_name: { meaning: "name of the monitor", of: (record) => record.monitor.name },
  target_id: { meaning: "id of the monitor", of: (record) => record.monitor.id },
  value: {
    meaning: "response time in whole ms (0–100 for a synthetic target), -1 for a failure",
    of: (record) => String(record.value),
  },
  time: {
    meaning: "when the check began, UTC, RFC 3339 with ms",
    of: (record) => record.at,
  },
  kind: { meaning: "kind of the monitor", of: (record) => record.monitor.kind },
  target: { meaning: "what was checked", of: (record) => record.monitor.target },
  result: { meaning: "what the check found: up, down or unknown", of: (record) => record.result },
  reason: { meaning: "why it is not up; `-` when it is", of: (record) => record.reason ?? "-" },
  status: { meaning: "judged status after the check", of: (record) => record.status },
  latency_ms: {
    meaning: "response time in ms with three decimals; `-` when there is none",
    of: (record) => record.latency_ms?.toFixed(3) ?? "-",
  },
  location: { meaning: "where the check was made from", of: (record) => record.location },
} as const satisfies Record<
  string,
  { readonly meaning: string; readonly of: (record: CheckRecord) => string }
>;

type Placeholder = keyof typeof placeholders;

/** Compiles a format string; refuses unknown placeholders, stray braces and line ends. */
export function parseFormat(text: string, at = ""): Parsed<Format> {
  const makers: Format[] = [];
  if (/[\r\n]/.test(text)) {
    return bad({ path: at, message: "expected one line, found a line end" });
  }
  for (const token of text.match(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g) ?? []) {
    if (token === "{{" || token === "}}") {
      makers.push(() => token.charAt(0));
    } else if (token === "{" || token === "}") {
      return bad({ path: at, message: `expected braces in pairs, found a single ${token}` });
    } else if (token.startsWith("{")) {
      const name = token.slice(1, -1);
      if (!isPlaceholder(name)) {
        const known = Object.keys(placeholders).join(", ");
        return bad({ path: at, message: `expected a placeholder of ${known}, found {${name}}` });
      }
      const { of } = placeholders[name];
      makers.push((record) => oneLine(of(record)));
    } else {
      makers.push(() => token);
    }
  }
  return ok((record) => makers.map((make) => make(record)).join(""));
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(placeholders, name);
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g;

function oneLine(text: string): string {
  return text.replace(controls, " ");
}

let lastSecond = Number.NaN;
let lastText = "";

function localTime(at: number): string {
  const second = Math.floor(at / 1000);
  if (second === lastSecond) return lastText;
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  lastText =
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  lastSecond = second;
  return lastText;
}
