/** Prometheus's text format 0.0.4 and OpenMetrics 1.0: escaping, numbers, headers of families. */

export type Format = "text" | "openmetrics";

export const contentTypes = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const satisfies Record<Format, string>;

/** Which format an `Accept` header asks for; text unless OpenMetrics is named and not refused. */
export function formatOf(accept: string | undefined): Format {
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (type === "application/openmetrics-text" && !refused) return "openmetrics";
  }
  return "text";
}

export type FamilyType = "counter" | "gauge" | "histogram" | "summary";

/** The lines before the samples of a family. `name` is the name of its samples (`…_total` for a counter). */
export function familyHeader(format: Format, name: string, type: FamilyType, help: string): string {
  const counter = type === "counter" && format === "openmetrics";
  const family = counter ? name.replace(/_total$/, "") : name;
  const escaped = help.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`);
  return `# HELP ${family} ${escaped}\n# TYPE ${family} ${type}\n`;
}

/** `name="value"` pairs separated by commas, without braces. */
export function labelText(labels: Readonly<Record<string, string | number>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(String(value))}"`)
    .join(",");
}

function escapeLabel(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll('"', String.raw`\"`);
}

/** A sample's value. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/** One sample. `labels` is the text of its labels without braces. */
export function sampleLine(name: string, labels: string, value: number): string {
  return labels === ""
    ? `${name} ${numberText(value)}\n`
    : `${name}{${labels}} ${numberText(value)}\n`;
}
