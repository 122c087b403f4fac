/**
 * A notice as requests of Opsgenie's Alert API (docs.opsgenie.com/docs/alert-api): one for each incident, with the incident's
 * id as `alias`. Opsgenie counts a repeat of an open alert instead of opening another, and knows by the alias what to
 * acknowledge and to close.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { detailsOf, lineOf, linesOf } from "../details.ts";
import { bodyOf, clip } from "../plain.ts";
import type { OpsgenieSettings } from "./settings.ts";

const longestMessage = 130;
const longestDescription = 15_000;
const longestEntity = 512;
const longestTag = 50;
const mostTags = 20;
/** Of all names and values of `details` together. */
const longestDetails = 8_000;
const longestDetail = 1_000;
const longestUser = 100;

/** A request below `/v2/alerts`. */
export interface OpsgenieRequest {
  /** `""` creates; else what is done to the alert. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The requests, at least one; a notice without incidents, such as a test, is an alert of its own. */
export function opsgenieRequests(
  notice: Notice,
  settings: OpsgenieSettings,
): readonly OpsgenieRequest[] {
  if (notice.incidents.length === 0) return [alertOf(notice, undefined, settings)];
  return notice.incidents.map((incident) => {
    if (incident.status === "resolved") return actionOf("close", incident);
    if (notice.kind === "acknowledged") return actionOf("acknowledge", incident);
    return alertOf(notice, incident, settings);
  });
}

function actionOf(action: "acknowledge" | "close", incident: NoticeIncident): OpsgenieRequest {
  const user = action === "acknowledge" ? lineOf(incident.acknowledgedBy ?? "") : "";
  return {
    path: `/${encodeURIComponent(incident.id)}/${action}?identifierType=alias`,
    body: { user: clip(user || "Belfry", longestUser), source: "Belfry" },
  };
}

function alertOf(
  notice: Notice,
  incident: NoticeIncident | undefined,
  { teams, tags, priorities }: OpsgenieSettings,
): OpsgenieRequest {
  const subject = incident?.subjects[0];
  const entity = clip(lineOf(subject?.target ?? subject?.name ?? ""), longestEntity);
  const incidents = incident === undefined ? [] : [incident];
  return {
    path: "",
    body: {
      message: clip(lineOf(incident?.title ?? notice.title) || "Belfry", longestMessage),
      alias: incident?.id ?? notice.id,
      description: clip(linesOf(bodyOf({ ...notice, incidents, more: 0 })), longestDescription),
      ...(teams.length === 0
        ? {}
        : { responders: teams.map((name) => ({ name, type: "team" as const })) }),
      tags: tagsOf(tags, incident),
      details: incident === undefined ? {} : limitedDetails(incident),
      ...(entity === "" ? {} : { entity }),
      source: "Belfry",
      priority: incident === undefined ? priorities.info : priorities[incident.severity],
    },
  };
}

function tagsOf(own: readonly string[], incident: NoticeIncident | undefined): readonly string[] {
  const labels = Object.entries(incident?.labels ?? {});
  const all = [...own, ...labels.map(([name, value]) => `${name}:${value}`)];
  const clipped = all.map((tag) => clip(lineOf(tag), longestTag)).filter((tag) => tag !== "");
  return [...new Set(clipped)].slice(0, mostTags);
}

/** Labels, then what is known of the incident, as long as there is room; all of it is in the description as well. */
function limitedDetails(incident: NoticeIncident): Readonly<Record<string, string>> {
  const labels = Object.entries(incident.labels).map(([name, value]) => ({ name, value }));
  const details = new Map<string, string>();
  let left = longestDetails;
  for (const { name, value } of [...labels, ...detailsOf(incident)]) {
    const key = clip(lineOf(name), longestTag);
    const text = clip(lineOf(value), longestDetail);
    if (details.has(key) || key.length + text.length > left) continue;
    details.set(key, text);
    left -= key.length + text.length;
  }
  return Object.fromEntries(details);
}
