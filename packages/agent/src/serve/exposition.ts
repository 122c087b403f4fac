/**
 * Metrics as text: Prometheus's format 0.0.4 or OpenMetrics 1.0, families in the order of their names. What stands
 * before the value of a series is made once per list of series.
 *
 * node_exporter has counters without `_total` in their name (`node_vmstat_…`, `node_netstat_…`) and calls them
 * untyped; so does this.
 */
import type { Metric, Sample, Series } from "../sample/series-table.ts";

export type TextFormat = "prometheus" | "openmetrics";

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** A metric and its values. */
export interface Family {
  readonly metric: Metric;
  readonly values: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** The text of a sample and of further families. No family may be in both. */
export function expositionText(
  sample: Sample | null,
  families: readonly Family[],
  format: TextFormat,
): string {
  const texts = [
    ...(sample === null ? [] : sampleTexts(sample, format)),
    ...families.map((family) => familyText(family, format)),
  ].filter(([, text]) => text !== "");
  texts.sort(([a], [b]) => (a < b ? -1 : 1));
  return texts.map(([, text]) => text).join("") + (format === "openmetrics" ? "# EOF\n" : "");
}

/** Name and text of a family. */
type Text = readonly [name: string, text: string];

interface Prepared {
  readonly name: string;
  readonly head: Readonly<Record<TextFormat, string>>;
  readonly lines: readonly { readonly place: number; readonly start: string }[];
}

const prepared = new WeakMap<readonly Series[], readonly Prepared[]>();

function sampleTexts({ series, values, present }: Sample, format: TextFormat): Text[] {
  let families = prepared.get(series);
  if (families === undefined) prepared.set(series, (families = prepare(series)));
  return families.map(({ name, head, lines }) => {
    let text = "";
    for (const { place, start } of lines) {
      if (present?.[place] !== 0) text += `${start}${valueText(values[place] ?? Number.NaN)}\n`;
    }
    return [name, text === "" ? "" : head[format] + text];
  });
}

function prepare(series: readonly Series[]): readonly Prepared[] {
  const byName = new Map<string, { metric: Metric; lines: { place: number; start: string }[] }>();
  series.forEach(({ metric, labels }, place) => {
    const line = { place, start: `${metric.name}${labelText(labels)} ` };
    const family = byName.get(metric.name);
    if (family === undefined) byName.set(metric.name, { metric, lines: [line] });
    else family.lines.push(line);
  });
  return [...byName].map(([name, { metric, lines }]) => ({
    name,
    head: {
      prometheus: headText(metric, "prometheus"),
      openmetrics: headText(metric, "openmetrics"),
    },
    lines,
  }));
}

function familyText({ metric, values }: Family, format: TextFormat): Text {
  const lines = values.map(
    ({ labels, value }) => `${metric.name}${labelText(labels)} ${valueText(value)}\n`,
  );
  return [metric.name, lines.length === 0 ? "" : headText(metric, format) + lines.join("")];
}

function headText({ name, type, help }: Metric, format: TextFormat): string {
  const isTotal = name.endsWith("_total");
  if (format === "prometheus") {
    const shown = type === "counter" && !isTotal ? "untyped" : type;
    return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${shown}\n`;
  }
  // A family of counters is named without the suffix of its samples.
  const family = type === "counter" && isTotal ? name.slice(0, -"_total".length) : name;
  const shown = type === "counter" && !isTotal ? "unknown" : type;
  return `# TYPE ${family} ${shown}\n# HELP ${family} ${escapeLabel(help)}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels);
  if (names.length === 0) return "";
  return `{${names.map((name) => `${name}="${escapeLabel(labels[name] ?? "")}"`).join(",")}}`;
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

/** The better of the two formats for an `Accept` header; OpenMetrics only where it is asked for. */
export function formatFor(accept: string | undefined): TextFormat {
  let best: { readonly format: TextFormat; readonly quality: number } = {
    format: "prometheus",
    quality: 0,
  };
  for (const range of accept?.split(",") ?? []) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const format =
      type === "application/openmetrics-text" && !parameters.some(isOtherVersion)
        ? "openmetrics"
        : type === "text/plain" || type === "text/*" || type === "*/*"
          ? "prometheus"
          : undefined;
    if (format === undefined) continue;
    const quality = Number(parameters.find((part) => part.startsWith("q="))?.slice(2) ?? 1);
    if (quality > best.quality) best = { format, quality };
  }
  return best.format;
}

function isOtherVersion(parameter: string): boolean {
  return parameter.startsWith("version=") && !/^version="?(0\.0\.1|1\.0\.0)"?$/.test(parameter);
}
