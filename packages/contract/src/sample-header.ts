/**
 * The texts of a sample batch: who sends, the list of series, the details. They are JSON; what was received is checked
 * here down to the last string, so that whoever stores or shows it need not ask again what it may hold. Only the shape of
 * the details is left to the receiver.
 */
import { BadBytes } from "./sample-bytes.ts";

/** A series as it travels: metric name and labels. */
export interface BatchSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Who sends. Everything but `machine_id` may change from one batch to the next. */
export interface BatchHost {
  /** Stable over reboots and changes of name; 1 to 128 characters. */
  readonly machine_id: string;
  /** Changes with every boot: two at the same time mean a cloned machine. 1 to 128 characters. */
  readonly boot_id: string;
  /** The host name as it is now, 1 to 253 characters. */
  readonly name: string;
  /** Version of the agent, 1 to 64 characters. */
  readonly version: string;
  /** Seconds between samples; more than 0, at most a day. */
  readonly interval: number;
  /** At most 32; names as in Prometheus, values of at most 200 characters. */
  readonly labels: Readonly<Record<string, string>>;
  /** When it was sent by the host's clock, epoch ms; the hub tells from it how far that clock is off. */
  readonly sent_at: number;
}

/** What stands before the list of series. */
export interface BatchHead {
  readonly host: BatchHost;
  readonly seriesHash: string;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,254}$/;
/** Names that begin with two underscores are reserved, as in Prometheus; `__proto__` is one of them. */
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;
const hostLabelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;
// oxlint-disable-next-line no-control-regex -- it is these characters it looks for
const controlCharacter = /[\u0000-\u001f\u007f]/;
const hash = /^[0-9a-f]{32}$/;

const mostLabels = 32;
const longestLabelValue = 4096;
const longestHostLabelValue = 200;
const deepestDetails = 12;
/** The largest time a `Date` can hold. */
export const latestTime = 8.64e15;

export function headText({ host, seriesHash }: BatchHead): string {
  return JSON.stringify({ host, series_hash: seriesHash });
}

/**
 * The list as JSON: an array per series of its name, then names and values of its labels by turns, ordered by name. The
 * same list always gives the same text; it is what travels, and what the hash is made of.
 */
export function seriesText(series: readonly BatchSeries[]): string {
  return JSON.stringify(
    series.map(({ name, labels }) => [
      name,
      ...Object.keys(labels)
        .toSorted()
        .flatMap((label) => [label, labels[label] ?? ""]),
    ]),
  );
}

export function parseHead(text: string): BatchHead {
  const head = objectOf(jsonOf(text, "the head"), "the head");
  const host = objectOf(head["host"], "host");
  const seriesHash = head["series_hash"];
  if (typeof seriesHash !== "string" || !hash.test(seriesHash)) {
    throw new BadBytes(`series_hash: expected 32 hexadecimal digits, found ${shown(seriesHash)}`);
  }
  return {
    host: {
      machine_id: textOf(host["machine_id"], "host.machine_id", 128),
      boot_id: textOf(host["boot_id"], "host.boot_id", 128),
      name: textOf(host["name"], "host.name", 253),
      version: textOf(host["version"], "host.version", 64),
      interval: numberOf(host["interval"], "host.interval", 0.001, 86_400),
      labels: hostLabelsOf(host["labels"]),
      sent_at: numberOf(host["sent_at"], "host.sent_at", 0, latestTime),
    },
    seriesHash,
  };
}

export function parseSeries(text: string, count: number): readonly BatchSeries[] {
  const list = jsonOf(text, "the list of series");
  if (!Array.isArray(list) || list.length !== count) {
    throw new BadBytes(
      `series: expected an array of ${count}, found ${Array.isArray(list) ? list.length : shown(list)}`,
    );
  }
  const seen = new Set<string>();
  return list.map((entry: unknown[], place) => {
    const series = seriesOf(entry, `series[${place}]`);
    // No text of it has U+0000.
    const key = entry.join("\0");
    if (seen.has(key)) throw new BadBytes(`series[${place}]: ${shown(entry)} is there twice`);
    seen.add(key);
    return series;
  });
}

function seriesOf(entry: unknown, path: string): BatchSeries {
  if (!Array.isArray(entry))
    throw new BadBytes(`${path}: expected an array, found ${shown(entry)}`);
  const [name, ...rest]: unknown[] = entry;
  if (typeof name !== "string" || !metricName.test(name)) {
    throw new BadBytes(`${path}: expected the name of a metric, found ${shown(name)}`);
  }
  if (rest.length % 2 !== 0 || rest.length > 2 * mostLabels) {
    throw new BadBytes(`${path}: expected at most ${mostLabels} labels, each with a value`);
  }
  const labels: Record<string, string> = {};
  let before = "";
  for (let i = 0; i < rest.length; i += 2) {
    const label = rest[i];
    if (typeof label !== "string" || !labelName.test(label)) {
      throw new BadBytes(`${path}: expected the name of a label, found ${shown(label)}`);
    }
    if (label <= before) {
      throw new BadBytes(`${path}: label ${label} is not in its place: sorted by name, each once`);
    }
    before = label;
    labels[label] = plainText(rest[i + 1], `${path}: label ${label}`, longestLabelValue);
  }
  return { name, labels };
}

/** Details as they were sent: an object, not too deep, of texts that can be stored. Its shape is not checked. */
export function parseDetails(text: string): unknown {
  const details = objectOf(jsonOf(text, "the details"), "details");
  checkDetails(details, "details", 1);
  return details;
}

function checkDetails(value: unknown, path: string, depth: number): void {
  if (typeof value === "string") checkText(value, path);
  if (typeof value !== "object" || value === null) return;
  if (depth > deepestDetails) throw new BadBytes(`details: deeper than ${deepestDetails} levels`);
  for (const [key, inner] of Object.entries(value)) {
    checkText(key, "details: a key");
    if (key === "__proto__") throw new BadBytes(`${path}: a key is __proto__`);
    checkDetails(inner, path, depth + 1);
  }
}

function hostLabelsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value, "host.labels"));
  if (entries.length > mostLabels) {
    throw new BadBytes(`host.labels: expected at most ${mostLabels}, found ${entries.length}`);
  }
  const labels: Record<string, string> = {};
  for (const [label, text] of entries) {
    if (!hostLabelName.test(label)) {
      throw new BadBytes(`host.labels: expected the name of a label, found ${shown(label)}`);
    }
    const path = `host.labels.${label}`;
    labels[label] = withoutControl(plainText(text, path, longestHostLabelValue), path);
  }
  return labels;
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadBytes(`${what}: this is not JSON`);
  }
}

function objectOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadBytes(`${path}: expected an object, found ${shown(value)}`);
  }
  return { ...value };
}

/** Text of at least one character, all of which can be printed. */
function textOf(value: unknown, path: string, longest: number): string {
  const text = withoutControl(plainText(value, path, longest), path);
  if (text === "") throw new BadBytes(`${path}: expected text, found none`);
  return text;
}

function plainText(value: unknown, path: string, longest: number): string {
  if (typeof value !== "string")
    throw new BadBytes(`${path}: expected text, found ${shown(value)}`);
  if (value.length > longest) {
    throw new BadBytes(`${path}: expected at most ${longest} characters, found ${value.length}`);
  }
  checkText(value, path);
  return value;
}

/** What neither database can store is not text. */
function checkText(text: string, path: string): void {
  if (text.includes("\0")) throw new BadBytes(`${path}: text with U+0000`);
  if (!text.isWellFormed()) throw new BadBytes(`${path}: text with half a surrogate pair`);
}

function withoutControl(text: string, path: string): string {
  if (controlCharacter.test(text)) throw new BadBytes(`${path}: text with control characters`);
  return text;
}

function numberOf(value: unknown, path: string, least: number, most: number): number {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new BadBytes(
      `${path}: expected a number from ${least} to ${most}, found ${shown(value)}`,
    );
  }
  return value;
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
