/** What alerting asks of the rest of the hub: what people set, and how an incident is told. */
import { hostMetrics } from "@belfry/contract";
import type { AlertPolicy } from "./model/alert-policy.ts";
import type { Clock } from "./model/clock.ts";
import type { HostEntry } from "./model/host-entry.ts";
import type { IncidentId } from "./model/id.ts";
import { openTroubles, type Incident } from "./model/incident.ts";
import type { NoticeIncident } from "./model/notice.ts";
import type { LinkAction } from "./model/signed-links.ts";
import type { Relations } from "./relations.ts";
import { freshMsOf } from "./rules/subject.ts";
import { figureText } from "./rules/words.ts";

/** Reads what people set, anew when it changed. */
export function createPolicyReader(
  store: {
    alertSettingChanges(): Promise<number>;
    alertPolicy(now: number): Promise<AlertPolicy & { readonly changes: number }>;
  },
  clock: Pick<Clock, "now">,
): () => Promise<AlertPolicy> {
  let known: (AlertPolicy & { readonly changes: number }) | null = null;
  return async () => {
    const changes = await store.alertSettingChanges();
    if (known === null || known.changes !== changes) known = await store.alertPolicy(clock.now());
    return known;
  };
}

const mostSubjects = 10;

export interface DescribeParts extends Pick<Relations, "targetOf"> {
  /** Where Belfry's pages are; null: not known. */
  readonly publicUrl: string | null;
  /** The path of a link that does one thing to an incident. */
  readonly linkPath: (id: IncidentId, action: LinkAction) => string;
  /** The newest value of a host's series without labels; undefined where there is none that is fresh. */
  readonly figureOf: (id: string, series: string) => number | undefined;
}

/** An incident as people are told of it. */
export function describeIncident(
  incident: Incident,
  { publicUrl, targetOf, linkPath, figureOf }: DescribeParts,
): NoticeIncident {
  const { id, title, severity, message, cause, subjects, labels } = incident;
  const { suspected } = incident.flow;
  const troubled = new Set(openTroubles(incident).map(({ subject }) => subject.id)).size;
  const facts = [
    ...(subjects.length > 1 && troubled > 0
      ? [{ name: "in trouble now", value: `${troubled} of ${subjects.length}` }]
      : []),
    ...(suspected > 0 ? [{ name: "failing, not certain yet", value: `${suspected}` }] : []),
    ...(incident.reason === null ? [] : [{ name: "reason", value: incident.reason }]),
    ...figureFacts(incident, figureOf),
  ];
  const isCauseSubject = cause !== null && subjects.length === 1;
  return {
    id,
    status: incident.resolvedAt === null ? "firing" : "resolved",
    severity,
    title,
    message,
    cause: cause === null || isCauseSubject ? null : `${cause.subject.name} (${cause.why})`,
    subjects: subjects
      .slice(0, mostSubjects)
      .map((subject) => ({ ...subject, target: targetOf(subject) })),
    affected: subjects.length + suspected,
    labels: { ...labels, severity },
    facts,
    openedAt: incident.openedAt,
    acknowledgedAt: incident.acknowledgedAt,
    acknowledgedBy: incident.acknowledgedBy,
    resolvedAt: incident.resolvedAt,
    links: publicUrl === null ? null : linksOf(incident, publicUrl, linkPath),
  };
}

/**
 * What a rule measured while the trouble that the incident began with lasts: `value` when it began, its `limit`, and where
 * the rule compares the newest sample of a figure of a host, `now`.
 */
function figureFacts(
  { troubles: [first], evidence }: Incident,
  figureOf: DescribeParts["figureOf"],
): NoticeIncident["facts"] {
  const { condition, metric, unit, value, limit } = evidence;
  if (first?.until !== null || typeof unit !== "string" || typeof metric !== "string") return [];
  if (typeof value !== "number" || typeof limit !== "number") return [];
  const { kind, id } = first.subject;
  const now = kind === "host" && condition === "threshold" ? figureOf(id, metric) : undefined;
  return [
    { name: "value", value: figureText(value, unit) },
    { name: "limit", value: figureText(limit, unit) },
    ...(now === undefined ? [] : [{ name: "now", value: figureText(now, unit) }]),
  ];
}

/** The newest value of a series without labels at an instant (epoch ms); undefined where there is none that is fresh. */
export function figureNow(
  entry: HostEntry | undefined,
  series: string,
  now: number,
): number | undefined {
  if (entry === undefined || entry.lastSampleAt === null) return undefined;
  const { host, figures, lastSampleAt, clockOffsetMs } = entry;
  const ageMs = now + (clockOffsetMs ?? 0) - lastSampleAt;
  if (ageMs > freshMsOf({ intervalMs: host.intervalMs ?? 0 })) return undefined;
  for (const [metric, value] of Object.entries(figures)) {
    if (seriesNames[metric] === series) return value ?? undefined;
  }
  return undefined;
}

const seriesNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(hostMetrics).map(([metric, { name }]) => [metric, name]),
);

/** What is over, or taken already, has no links for it. */
function linksOf(
  { id, resolvedAt, acknowledgedAt }: Incident,
  publicUrl: string,
  linkPath: DescribeParts["linkPath"],
): NonNullable<NoticeIncident["links"]> {
  const linkOf = (action: LinkAction, isOpen: boolean): string | null =>
    isOpen ? `${publicUrl}${linkPath(id, action)}` : null;
  return {
    page: `${publicUrl}/dashboard/incidents/${id}`,
    acknowledge: linkOf("acknowledge", resolvedAt === null && acknowledgedAt === null),
    snooze: linkOf("snooze", resolvedAt === null),
  };
}
