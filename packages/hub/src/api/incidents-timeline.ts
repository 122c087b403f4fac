/** Everything that happened around an incident, on one line of time. */
import type { IncidentEntry } from "@belfry/contract";
import { parseId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import { timeText } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";

/** It begins so long before the incident, ms, and ends so long after. */
const beforeMs = 1_800_000;
const afterMs = 300_000;
const mostEntries = 500;
/** Of each kind, and of so many subjects. */
const mostOfKind = 100;
const mostSubjects = 20;

interface Entry extends Omit<IncidentEntry, "at"> {
  readonly at: number;
}

/** Reads it, oldest first. */
export async function readTimeline(
  incident: Incident,
  { store, clock }: Pick<ApiParts, "store" | "clock">,
): Promise<readonly IncidentEntry[]> {
  const range = {
    from: incident.openedAt - beforeMs,
    to: Math.min(clock.now(), (incident.resolvedAt ?? clock.now()) + afterMs),
  };
  const [comments, notices, audit, checks] = await Promise.all([
    store.incidentComments(incident.id, mostOfKind),
    store.notices({ incidentId: incident.id, limit: mostOfKind }),
    store.auditEntries({ limit: mostOfKind }),
    checksOf(incident, range, store),
  ]);
  const entries: readonly Entry[] = [
    ...troublesOf(incident),
    ...actsOf(incident),
    ...comments.map(({ at, by, text }) => entryOf("comment", at, text, { by })),
    ...notices.map(({ notice, state, createdAt, sentAt }) =>
      entryOf("notice", sentAt ?? createdAt, `${notice.kind}, ${state}: ${notice.title}`),
    ),
    ...audit
      .filter(({ at, resource }) => at >= range.from && at <= range.to && resource !== "incident")
      .map(({ at, actor, action, resource }) =>
        entryOf("edit", at, `${action} ${resource}`, { by: actor }),
      ),
    ...checks,
  ];
  return entries
    .toSorted((a, b) => a.at - b.at)
    .slice(0, mostEntries)
    .map((entry) => ({ ...entry, at: timeText(entry.at) }));
}

function entryOf(
  kind: IncidentEntry["kind"],
  at: number,
  text: string,
  { by = null, subject = null }: { by?: string | null; subject?: Subject | null } = {},
): Entry {
  return { kind, at, text, by, subject: subject === null ? null : { ...subject } };
}

function troublesOf({ troubles }: Incident): readonly Entry[] {
  return troubles
    .slice(0, mostOfKind)
    .flatMap(({ subject, rule, message, since, until }) => [
      entryOf("trouble", since, `${rule}: ${message}`, { subject }),
      ...(until === null ? [] : [entryOf("recovery", until, `${rule} is over`, { subject })]),
    ]);
}

function actsOf({ acknowledgedAt, acknowledgedBy, resolvedAt }: Incident): readonly Entry[] {
  return [
    ...(acknowledgedAt === null
      ? []
      : [entryOf("acknowledged", acknowledgedAt, "somebody takes care", { by: acknowledgedBy })]),
    ...(resolvedAt === null ? [] : [entryOf("resolved", resolvedAt, "over")]),
  ];
}

async function checksOf(
  { subjects }: Incident,
  range: { readonly from: number; readonly to: number },
  store: Pick<ApiParts["store"], "failedChecks">,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const subject of subjects.slice(0, mostSubjects)) {
    const id = subject.kind === "monitor" ? parseId<"monitor">(subject.id) : undefined;
    if (id === undefined) continue;
    const failed = await store.failedChecks(id, range, mostSubjects);
    for (const { checkedAt, reason, message } of failed) {
      found.push(entryOf("check", checkedAt, `${reason}: ${message}`, { subject }));
    }
  }
  return found;
}
