/**
 * A notice as Uptime Kuma sends it to webhooks, for receivers that know that: `heartbeat`, `monitor` and `msg`. Ids are
 * Belfry's, which are no numbers. What is about several incidents, or none, has only the text, as Uptime Kuma's own notices
 * that are about no heartbeat.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { lineOf, linesOf } from "../details.ts";
import { bodyOf, clip, headlineOf } from "../plain.ts";

const longestName = 300;
const longestText = 4_000;
const down = 0;
const up = 1;

/** The body. */
export function uptimeKumaBody(notice: Notice): object {
  const [incident, ...others] = notice.incidents;
  if (incident === undefined || others.length > 0 || notice.more > 0) {
    const lines = [headlineOf(notice).toWellFormed(), linesOf(bodyOf(notice))];
    const msg = clip(lines.filter((line) => line !== "").join("\n"), longestText);
    return { heartbeat: null, monitor: null, msg };
  }
  const [subject] = incident.subjects;
  const isUp = incident.status === "resolved";
  const name = nameOf(subject?.name ?? incident.title);
  const told = clip(lineOf(incident.message || notice.title), longestText);
  return {
    heartbeat: heartbeatOf(incident, { at: notice.at, msg: told }),
    monitor: {
      id: subject?.id ?? incident.id,
      name,
      type: subject?.kind ?? "monitor",
      url: subject?.target === null ? null : nameOf(subject?.target ?? ""),
      active: true,
      tags: Object.entries(incident.labels).map(([label, value]) => ({
        name: nameOf(label),
        value: nameOf(value),
      })),
    },
    msg: `[${name}] [${isUp ? "✅ Up" : "🔴 Down"}] ${clip(lineOf(`${notice.title}: ${told}`), longestText)}`,
  };
}

function heartbeatOf(
  { id, subjects, status, openedAt, resolvedAt }: NoticeIncident,
  { at, msg }: { readonly at: number; readonly msg: string },
): object {
  const time = new Date(at).toISOString().replace("T", " ").replace("Z", "");
  return {
    monitorID: subjects[0]?.id ?? id,
    status: status === "resolved" ? up : down,
    time,
    msg,
    ping: null,
    important: true,
    duration: Math.max(0, Math.round(((resolvedAt ?? at) - openedAt) / 1_000)),
    retries: 0,
    timezone: "UTC",
    timezoneOffset: "+00:00",
    localDateTime: time.slice(0, 19),
  };
}

function nameOf(text: string): string {
  return clip(lineOf(text), longestName);
}
