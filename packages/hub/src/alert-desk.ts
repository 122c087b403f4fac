/** What alerting asks of the rest of the hub: what people set, and how an incident is told. */
import type { AlertPolicy } from "./model/alert-policy.ts";
import type { Clock } from "./model/clock.ts";
import type { IncidentId } from "./model/id.ts";
import { openTroubles, type Incident } from "./model/incident.ts";
import type { NoticeIncident } from "./model/notice.ts";
import type { LinkAction } from "./model/signed-links.ts";
import type { Relations } from "./relations.ts";

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
}

/** An incident as people are told of it. */
export function describeIncident(
  incident: Incident,
  { publicUrl, targetOf, linkPath }: DescribeParts,
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
