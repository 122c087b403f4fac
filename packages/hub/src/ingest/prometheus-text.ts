/**
 * Reads samples in Prometheus's text exposition format, with optional timestamps in ms
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), as they are pushed to an import. A line that cannot be
 * read is reported by its number, and the others are kept. Comments (`# HELP`, `# TYPE` and others) are passed over.
 */
import type { Frame, SeriesKey } from "../model/series.ts";
import { framesOf, importedTimes, mostLabels, sourceOf, type Column } from "./import-frames.ts";

export interface BadLine {
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedText {
  readonly frames: readonly Frame[];
  readonly bad: readonly BadLine[];
}

/** What was read so far. */
interface Found {
  readonly sources: Map<string, Map<string, Column>>;
  /** Columns by how their series was written: most series come many times, and then nothing of it is read again. */
  readonly byPrefix: Map<string, Column>;
}

/** Reads text; samples without a time get `nowMs` (epoch ms). */
export function parsePrometheusText(text: string, nowMs: number): ParsedText {
  const found: Found = { sources: new Map(), byPrefix: new Map() };
  const bad: BadLine[] = [];
  let line = 0;
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    line += 1;
    const problem = readLine(text.slice(from, to), nowMs, found);
    if (problem !== undefined) bad.push({ line, message: problem });
    from = to + 1;
  }
  const frames = [...found.sources].flatMap(([source, columns]) =>
    framesOf(source, [...columns.values()]),
  );
  return { frames, bad };
}

/** Adds the sample of a line; answers with what is wrong with it. */
function readLine(raw: string, nowMs: number, found: Found): string | undefined {
  const text = raw.trim();
  if (text === "" || text.startsWith("#")) return undefined;
  const brace = text.lastIndexOf("}");
  const prefix = text.slice(0, brace === -1 ? firstSpace(text) : brace + 1);
  let column = found.byPrefix.get(prefix);
  let rest = text.slice(prefix.length);
  if (column === undefined) {
    const series = readSeries(text);
    if (typeof series === "string") return series;
    rest = text.slice(series.end);
    column = columnOf(found.sources, series.key);
    if (series.end === prefix.length) found.byPrefix.set(prefix, column);
  }
  const sample = readSample(rest.trim(), nowMs);
  if (typeof sample === "string") return sample;
  column.times.push(sample.time);
  column.values.push(sample.value);
  return undefined;
}

function firstSpace(text: string): number {
  const at = text.search(/[ \t]/);
  return at === -1 ? text.length : at;
}

/** Reads a name with its labels and says where they end; or says what is wrong. */
function readSeries(text: string): { readonly key: SeriesKey; readonly end: number } | string {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(text)?.[0];
  if (name === undefined) return `expected a metric name, found ${quote(text)}`;
  const labels: Record<string, string> = {};
  const rest = text.slice(name.length);
  const gap = rest.length - rest.trimStart().length;
  if (rest[gap] !== "{") return { key: { name, labels }, end: name.length };
  const end = readLabels(rest.slice(gap), labels);
  if (typeof end === "string") return end;
  return { key: { name, labels }, end: name.length + gap + end };
}

/** Reads a value and, where there is one, a time; or says what is wrong. */
function readSample(
  text: string,
  nowMs: number,
): { readonly value: number; readonly time: number } | string {
  const [valueText = "", timeText, ...more] = text.split(/[ \t]+/);
  if (more.length > 0) return `expected a value and a time, found ${quote(text)}`;
  const value = numberOf(valueText);
  if (value === undefined) return `expected a number as the value, found ${quote(valueText)}`;
  const time = timeText === undefined ? nowMs : timeOf(timeText);
  if (time !== undefined) return { value, time };
  return `expected a time in milliseconds since 1970, found ${quote(timeText ?? "")}`;
}

function columnOf(sources: Found["sources"], key: SeriesKey): Column {
  const source = sourceOf(key);
  const columns = sources.get(source) ?? new Map<string, Column>();
  if (columns.size === 0) sources.set(source, columns);
  const text = textOf(key);
  const column = columns.get(text) ?? { key, times: [], values: [] };
  columns.set(text, column);
  return column;
}

/** The same for the same name and labels, in whatever order they came. */
function textOf({ name, labels }: SeriesKey): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
}

/** Reads `{a="b",…}` into `labels`; answers with where it ends, or with what is wrong. */
function readLabels(text: string, labels: Record<string, string>): number | string {
  const part = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*/y;
  let at = 1;
  let count = 0;
  for (;;) {
    const rest = /[ \t]*\}/y;
    rest.lastIndex = at;
    if (rest.test(text)) return rest.lastIndex;
    part.lastIndex = at;
    const match = part.exec(text);
    const [, label, value] = match ?? [];
    if (label === undefined || value === undefined) {
      return `expected label="value" or }, found ${quote(text.slice(at))}`;
    }
    if (Object.hasOwn(labels, label)) return `label ${label} is given twice`;
    if (value.includes("\0")) return `label ${label} holds U+0000, which cannot be kept`;
    count += 1;
    if (count > mostLabels) return `more than ${mostLabels} labels`;
    setOwn(labels, label, unescape(value));
    at = part.lastIndex;
    if (text[at] === ",") at += 1;
    else if (text[at] !== "}")
      return `expected , or } after label ${label}, found ${quote(text.slice(at))}`;
  }
}

/** Sets a property even where its name is one that objects inherit. */
function setOwn(target: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function unescape(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replace(/\\(.)/gs, (whole, character: string) => {
    if (character === "n") return "\n";
    return character === "\\" || character === '"' ? character : whole;
  });
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  switch (text.toLowerCase()) {
    case "nan":
      return Number.NaN;
    case "inf":
    case "+inf":
      return Number.POSITIVE_INFINITY;
    case "-inf":
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}

function timeOf(text: string): number | undefined {
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const time = Number(text);
  return time >= importedTimes.earliest && time <= importedTimes.latest ? time : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
