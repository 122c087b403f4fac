/**
 * A notice as JSON, in a shape that stays (docs/ALERTS.md has it): keys are only ever added. Texts are as people and targets
 * wrote them, cut where they are too long for anybody to read: 300 characters for names, 4,000 for what is told.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { clip } from "../plain.ts";

const longestName = 300;
const longestText = 4_000;
const mostFacts = 50;
const mostLabels = 100;

/** What is sent without a template, and what templates choose from. */
export interface WebhookBody {
  readonly id: string;
  readonly kind: string;
  /** RFC 3339, UTC, as all times are. */
  readonly at: string;
  readonly title: string;
  readonly text: string;
  readonly incidents: readonly object[];
  /** Incidents beyond those that are listed. */
  readonly more: number;
}

/** The body of a notice. */
export function webhookBody({ id, kind, at, title, text, incidents, more }: Notice): WebhookBody {
  return {
    id,
    kind,
    at: timeOf(at),
    title: name(title),
    text: told(text),
    incidents: incidents.map(incidentBody),
    more,
  };
}

function incidentBody(incident: NoticeIncident): object {
  const { id, status, severity, title, message, cause, subjects, affected, links } = incident;
  return {
    id,
    status,
    severity,
    title: name(title),
    message: told(message),
    cause: cause === null ? null : name(cause),
    subjects: subjects.map((subject) => ({
      kind: subject.kind,
      id: subject.id,
      name: name(subject.name),
      target: subject.target === null ? null : name(subject.target),
    })),
    affected,
    labels: Object.fromEntries(
      Object.entries(incident.labels)
        .slice(0, mostLabels)
        .map(([key, value]) => [name(key), name(value)]),
    ),
    facts: incident.facts
      .slice(0, mostFacts)
      .map((fact) => ({ name: name(fact.name), value: name(fact.value) })),
    opened_at: timeOf(incident.openedAt),
    acknowledged_at: timeOrNull(incident.acknowledgedAt),
    acknowledged_by: incident.acknowledgedBy === null ? null : name(incident.acknowledgedBy),
    resolved_at: timeOrNull(incident.resolvedAt),
    links,
  };
}

function name(text: string): string {
  return clip(text.toWellFormed(), longestName);
}

function told(text: string): string {
  return clip(text.toWellFormed(), longestText);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : timeOf(at);
}
