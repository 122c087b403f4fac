/**
 * A notice as events of PagerDuty's Events API v2 (developer.pagerduty.com): one for each incident, with the incident's id
 * as `dedup_key`. A repeat is known by it, and so is the end. What was told before and fires still is triggered again, which
 * changes nothing while the alert is open.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { detailsOf, lineOf, linesOf, linksOf } from "../details.ts";
import { clip } from "../plain.ts";

const longestSummary = 1_024;
const longestName = 255;
const longestValue = 1_000;
const longestText = 4_000;
/** With these an event stays far below the 512 KB that PagerDuty takes. */
const mostDetails = 40;
const mostLabels = 64;

/** An event, without the key it is routed by. */
export type PagerdutyEvent = Readonly<Record<string, unknown>> & {
  readonly event_action: "trigger" | "acknowledge" | "resolve";
  readonly dedup_key: string;
};

/** The events, at least one; a notice without incidents, such as a test, is one of its own. */
export function pagerdutyEvents(notice: Notice): readonly PagerdutyEvent[] {
  if (notice.incidents.length === 0) return [eventOf(notice)];
  return notice.incidents.map((incident) => incidentEvent(incident, notice));
}

function eventOf({ id, kind, at, title, text }: Notice): PagerdutyEvent {
  return {
    event_action: "trigger",
    dedup_key: id,
    client: "Belfry",
    payload: {
      summary: summaryOf(title),
      source: "belfry",
      severity: kind === "test" ? "info" : "warning",
      timestamp: new Date(at).toISOString(),
      custom_details: { text: clip(linesOf(text), longestText) },
    },
  };
}

function incidentEvent(incident: NoticeIncident, notice: Notice): PagerdutyEvent {
  const { id, status, links } = incident;
  if (status === "resolved") return { event_action: "resolve", dedup_key: id };
  if (notice.kind === "acknowledged") return { event_action: "acknowledge", dedup_key: id };
  return {
    event_action: "trigger",
    dedup_key: id,
    client: "Belfry",
    ...(links === null ? {} : { client_url: links.page }),
    payload: payloadOf(incident, notice),
    links: linksOf(incident).map(({ title, url }) => ({ href: url, text: title })),
  };
}

function payloadOf(incident: NoticeIncident, { text }: Notice): object {
  const { severity, title, message, subjects, labels, cause, openedAt } = incident;
  const [subject] = subjects;
  const group = cause ?? labels["group"] ?? "";
  return {
    summary: summaryOf(message === "" ? title : `${lineOf(title)}: ${message}`),
    source: nameOf(subject?.target ?? subject?.name ?? "") || "belfry",
    severity,
    timestamp: new Date(openedAt).toISOString(),
    ...(subject === undefined ? {} : { component: nameOf(subject.name), class: subject.kind }),
    ...(nameOf(group) === "" ? {} : { group: nameOf(group) }),
    custom_details: {
      ...(text === "" ? {} : { text: clip(linesOf(text), longestText) }),
      details: detailsOf(incident)
        .slice(0, mostDetails)
        .map(({ name, value }) => `${clip(name, longestName)}: ${clip(value, longestValue)}`),
      labels: Object.fromEntries(
        Object.entries(labels)
          .slice(0, mostLabels)
          .map(([name, value]) => [nameOf(name), nameOf(value)]),
      ),
    },
  };
}

/** PagerDuty refuses an event without one. */
function summaryOf(text: string): string {
  return clip(lineOf(text) || "Belfry", longestSummary);
}

function nameOf(text: string): string {
  return clip(lineOf(text), longestName);
}
