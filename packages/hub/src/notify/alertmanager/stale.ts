/**
 * Alerts of an incident that go by labels it has no more, because it became more severe or its labels were changed. Alertmanager
 * itself knows them: it is asked before anything but a beginning is told, and they end with the same request.
 */
import { readJson, valueAt } from "@belfry/relay/http";
import { incidentAlertname, type PostableAlert } from "./message.ts";

/** More would make an address that is too long for a proxy. */
const mostIncidents = 100;

/** Path and query that list the alerts of the same incidents; undefined where there are none. */
export function staleQuery(current: readonly PostableAlert[]): string | undefined {
  const ids = current.slice(0, mostIncidents).flatMap(({ labels }) => labels["incident"] ?? []);
  if (ids.length === 0) return undefined;
  return `/api/v2/alerts?filter=${encodeURIComponent(`incident=~"${ids.join("|")}"`)}`;
}

/** What is to be ended of a list of alerts, at `now` (epoch ms); none where it is no such list. */
export function staleAlerts(
  list: string,
  current: readonly PostableAlert[],
  now: number,
): readonly PostableAlert[] {
  const alerts = readJson(list);
  if (!Array.isArray(alerts)) return [];
  const incidents = new Set(current.map(({ labels }) => labels["incident"]));
  const told = new Set(current.map(({ labels }) => keyOf(labels)));
  return alerts.flatMap((alert: unknown) => {
    const labels = textsOf(valueAt(alert, "labels"));
    const startsAt = Date.parse(String(valueAt(alert, "startsAt")));
    if (labels["alertname"] !== incidentAlertname || !incidents.has(labels["incident"])) return [];
    if (told.has(keyOf(labels)) || Number.isNaN(startsAt)) return [];
    const endsAt = new Date(Math.max(startsAt, now)).toISOString();
    return [{ labels, annotations: {}, startsAt: new Date(startsAt).toISOString(), endsAt }];
  });
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(labels, Object.keys(labels).toSorted());
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]: [string, unknown]) =>
      typeof text === "string" ? [[name, text] as const] : [],
    ),
  );
}
