/**
 * A notice as alerts of Alertmanager's API v2 (prometheus/alertmanager, api/v2/openapi.yaml): one for each incident. An alert
 * is known by its labels: an incident that becomes worse, or whose labels change, is another alert, and the one before has
 * to be ended (`stale.ts`).
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { detailsOf, lineOf, linesOf } from "../details.ts";
import { clip } from "../plain.ts";

/** The label `alertname` of every incident. */
export const incidentAlertname = "BelfryIncident";

const longestName = 100;
const longestValue = 300;
const longestText = 4_000;
const mostLabels = 50;
/** How long a test is shown, ms. */
const testMs = 300_000;

/** As it is posted; times are RFC 3339, UTC. */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** When it was over, or when it is held to be over without another word. */
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** `keepMs`: how long an alert fires after `now` (epoch ms) unless it is told again. */
export interface AlertOptions {
  readonly labels: Readonly<Record<string, string>>;
  readonly keepMs: number;
  readonly now: number;
}

/** The alerts, at least one; a notice without incidents, such as a test, is one of its own that ends by itself. */
export function alertsOf(notice: Notice, options: AlertOptions): readonly PostableAlert[] {
  if (notice.incidents.length === 0) return [ownAlert(notice, options)];
  return notice.incidents.map((incident) => incidentAlert(incident, notice, options));
}

function ownAlert(
  { id, kind, at, title, text }: Notice,
  { labels, now }: AlertOptions,
): PostableAlert {
  const alertname = kind === "test" ? "BelfryTest" : "BelfryNotice";
  return {
    labels: { ...labels, alertname, severity: "info", notice: id },
    annotations: filled({ summary: valueOf(title), description: clip(linesOf(text), longestText) }),
    startsAt: timeOf(at),
    endsAt: timeOf(Math.max(at, now) + testMs),
  };
}

function incidentAlert(
  incident: NoticeIncident,
  notice: Notice,
  { labels, keepMs, now }: AlertOptions,
): PostableAlert {
  const { id, severity, title, status, openedAt, resolvedAt, links } = incident;
  const own = { ...labels, alertname: incidentAlertname, severity, incident: id };
  // Over is over, whatever the clocks say: never before it began.
  const endsAt = status === "resolved" ? Math.max(openedAt, resolvedAt ?? notice.at) : now + keepMs;
  return {
    labels: { ...labelsOf(incident), ...own },
    annotations: filled({
      summary: valueOf(title),
      description: descriptionOf(incident, notice),
      cause: valueOf(incident.cause ?? ""),
      target: valueOf(incident.subjects[0]?.target ?? ""),
      affected: String(incident.affected),
      acknowledged_by: valueOf(incident.acknowledgedBy ?? ""),
    }),
    startsAt: timeOf(openedAt),
    endsAt: timeOf(endsAt),
    ...(links === null ? {} : { generatorURL: links.page }),
  };
}

function descriptionOf(incident: NoticeIncident, { text }: Notice): string {
  const facts = detailsOf(incident).map(({ name, value }) => `${name}: ${value}`);
  const lines = [incident.message, text, ...facts].filter((line) => line !== "");
  return clip(linesOf(lines.join("\n")), longestText);
}

/** Names as every version of Alertmanager takes them; two that become the same are one, the first. */
function labelsOf({ labels }: NoticeIncident): Readonly<Record<string, string>> {
  const named = new Map<string, string>();
  for (const [name, value] of Object.entries(labels).slice(0, mostLabels)) {
    const fit = clipName(name.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=[0-9]|$)/, "_"));
    if (!named.has(fit)) named.set(fit, valueOf(value));
  }
  return filled(Object.fromEntries(named));
}

function clipName(name: string): string {
  return name.slice(0, longestName);
}

/** A label or an annotation that is empty is none. */
function filled(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

function valueOf(text: string): string {
  return clip(lineOf(text), longestValue);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
