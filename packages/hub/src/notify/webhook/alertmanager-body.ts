/**
 * A notice as Alertmanager sends it to webhooks (payload version 4), for receivers that know that: one alert for each
 * incident, with the labels and annotations of channel `alertmanager`.
 */
import { createHash } from "node:crypto";
import type { Notice } from "../../model/notice.ts";
import { alertsOf, type PostableAlert } from "../alertmanager/message.ts";

/** What Alertmanager says of an alert that has not ended. */
const notEnded = "0001-01-01T00:00:00Z";

/** The body. Group and alert have the same key for as long as the incident lasts. */
export function alertmanagerBody(notice: Notice): object {
  const alerts = alertsOf(notice, { labels: {}, keepMs: 0, now: notice.at }).map((alert, i) => {
    const isOver = notice.incidents[i]?.status === "resolved";
    return {
      status: isOver ? "resolved" : "firing",
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: alert.startsAt,
      endsAt: isOver ? alert.endsAt : notEnded,
      generatorURL: alert.generatorURL ?? "",
      fingerprint: fingerprintOf(alert),
    };
  });
  const key = notice.incidents.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));
  return {
    version: "4",
    groupKey: `{}:{incidents="${digestOf(key.join())}"}`,
    truncatedAlerts: notice.more,
    status: alerts.every(({ status }) => status === "resolved") ? "resolved" : "firing",
    receiver: "belfry",
    groupLabels: {},
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
    externalURL: originOf(alerts.find(({ generatorURL }) => generatorURL !== "")?.generatorURL),
    alerts,
  };
}

type Values = Readonly<Record<string, string>>;

function commonOf([first = {}, ...others]: readonly Values[]): Values {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  );
}

function fingerprintOf({ labels }: PostableAlert): string {
  return digestOf(JSON.stringify(labels, Object.keys(labels).toSorted()));
}

/** 16 digits, as a fingerprint has. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function originOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : "";
}
