/**
 * What fires, as Alertmanager lists it: alerts of other systems, and every trouble of Belfry's own incidents as an alert
 * with the label `alertname` (its rule). Whether people are told of one is what its incident says.
 */
import { Type, type Static } from "typebox";
import type { Matcher } from "@belfry/contract";
import type { Silence } from "../../model/alert-policy.ts";
import {
  fingerprintOf,
  resolveTimeoutMs,
  signalOfAlert,
  type ExternalAlert,
} from "../../model/external-alert.ts";
import { matchedLabels, openTroubles, type Incident, type Trouble } from "../../model/incident.ts";
import { matches } from "../../model/matcher.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";

/** The one receiver there is: whom Belfry tells is for its routes to say. */
export const receiver = { name: "belfry" } as const;

const mostAlerts = 20_000;
const mostIncidents = 1_000;

export const GettableAlertSchema = Type.Object({
  labels: Type.Record(Type.String(), Type.String()),
  annotations: Type.Record(Type.String(), Type.String()),
  startsAt: Type.String({ format: "date-time" }),
  endsAt: Type.String({ format: "date-time" }),
  updatedAt: Type.String({ format: "date-time" }),
  generatorURL: Type.Optional(Type.String()),
  fingerprint: Type.String(),
  receivers: Type.Array(Type.Object({ name: Type.String() })),
  status: Type.Object({
    state: Type.Enum(["active", "suppressed", "unprocessed"]),
    silencedBy: Type.Array(Type.String({ description: "Ids of silences" })),
    inhibitedBy: Type.Array(Type.String({ description: "Ids of incidents" })),
    mutedBy: Type.Array(Type.String({ description: "`maintenance` or `snooze`" })),
  }),
});
export type GettableAlert = Static<typeof GettableAlertSchema>;

/** An alert with the incident it is a trouble of; null: alerting has not looked at it yet, or somebody ended it. */
export interface ListedAlert {
  readonly alert: GettableAlert;
  readonly incident: Incident | null;
}

export interface AlertChoice {
  readonly matchers: readonly Matcher[];
  readonly active: boolean;
  readonly silenced: boolean;
  readonly inhibited: boolean;
  readonly unprocessed: boolean;
}

/** The alerts that were chosen, those of the newest incidents first. */
export async function listAlerts(
  { store, clock }: Pick<ApiParts, "store" | "clock">,
  choice: AlertChoice,
): Promise<readonly ListedAlert[]> {
  const now = clock.now();
  const [external, incidents, silences] = await Promise.all([
    store.externalAlerts({ limit: mostAlerts }),
    store.incidents({ open: true, limit: mostIncidents }),
    store.alertSettings("silence"),
  ]);
  const active = silences.filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt);
  const troubles = incidents.flatMap((incident) =>
    openTroubles(incident).map((trouble) => ({ incident, trouble })),
  );
  const byKey = new Map(troubles.map((one) => [one.trouble.key, one.incident]));
  const own = troubles
    .filter(({ trouble }) => trouble.subject.kind !== "external")
    .map((one) => ownAlert(one, active, now));
  const others = external.map((alert) => externalAlert(alert, byKey, active));
  return [...others, ...own].filter(({ alert }) => isChosen(alert, choice));
}

function isChosen({ labels, status }: GettableAlert, choice: AlertChoice): boolean {
  if (!matches(choice.matchers, labels)) return false;
  if (!choice.silenced && status.silencedBy.length > 0) return false;
  if (!choice.inhibited && status.inhibitedBy.length + status.mutedBy.length > 0) return false;
  if (status.state === "active") return choice.active;
  return status.state === "unprocessed" ? choice.unprocessed : true;
}

function externalAlert(
  alert: ExternalAlert,
  byKey: ReadonlyMap<string, Incident>,
  silences: readonly Silence[],
): ListedAlert {
  const { fingerprint, labels, annotations, startsAt, endsAt, updatedAt, generatorUrl } = alert;
  const signal = signalOfAlert(alert, "raised", { at: startsAt, decidedAt: updatedAt });
  const incident = byKey.get(signal.key) ?? null;
  return {
    incident,
    alert: {
      labels: { ...labels },
      annotations: { ...annotations },
      startsAt: timeText(startsAt),
      endsAt: timeText(endsAt),
      updatedAt: timeText(updatedAt),
      ...(generatorUrl === "" ? {} : { generatorURL: generatorUrl }),
      fingerprint,
      receivers: [receiver],
      status: statusOf(incident, matchedLabels(signal), silences),
    },
  };
}

function ownAlert(
  { incident, trouble }: { readonly incident: Incident; readonly trouble: Trouble },
  silences: readonly Silence[],
  now: number,
): ListedAlert {
  const { rule, message, since } = trouble;
  const { rule: _rule, ...seen } = matchedLabels(trouble);
  const labels = { alertname: rule, ...seen };
  return {
    incident,
    alert: {
      labels,
      annotations: { summary: incident.title, description: message, incident: incident.id },
      startsAt: timeText(since),
      endsAt: timeText(now + resolveTimeoutMs),
      updatedAt: timeText(now),
      fingerprint: fingerprintOf(labels),
      receivers: [receiver],
      status: statusOf(incident, matchedLabels(trouble), silences),
    },
  };
}

function statusOf(
  incident: Incident | null,
  labels: Readonly<Record<string, string>>,
  silences: readonly Silence[],
): GettableAlert["status"] {
  const by = incident?.suppressedBy ?? null;
  const silencedBy = silences
    .filter(({ matchers }) => matches(matchers, labels))
    .map(({ id }): string => id);
  const inhibitedBy = by === "inhibition" && incident !== null ? [incident.id] : [];
  const mutedBy = by === "maintenance" || by === "snooze" ? [by] : [];
  const isSuppressed = silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
  const state = isSuppressed ? "suppressed" : incident === null ? "unprocessed" : "active";
  return { state, silencedBy, inhibitedBy, mutedBy };
}
