/** Everything that happened around an incident, on one line of time. */
import type { IncidentEntry } from "@belfry/contract";
import { parseId } from "../model/id.ts";
import type { Incident } from "../model/incident.ts";
import { editsOf, maintenanceOf, runsOf } from "./incidents-around.ts";
import { entryOf, type Entry } from "./incidents-entry.ts";
import { readJumps, type JumpParts } from "./incidents-jumps.ts";
import { timeText } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";

/** It begins so long before the incident, ms, and ends so long after. */
const beforeMs = 1_800_000;
const afterMs = 300_000;
const mostEntries = 500;
/** Of each kind, and of so many subjects. */
const mostOfKind = 100;
const mostSubjects = 20;

export type TimelineParts = JumpParts & Pick<ApiParts, "clock">;

/** Reads it, oldest first. */
export async function readTimeline(
  incident: Incident,
  parts: TimelineParts,
): Promise<readonly IncidentEntry[]> {
  const { store, clock } = parts;
  const now = clock.now();
  const range = {
    from: incident.openedAt - beforeMs,
    to: Math.min(now, (incident.resolvedAt ?? now) + afterMs),
  };
  // A figure that jumps afterwards is no longer what led to it.
  const before = { from: range.from, to: Math.min(now, incident.decidedAt + afterMs) };
  const [comments, notices, jumps, ...others] = await Promise.all([
    store.incidentComments(incident.id, mostOfKind),
    store.notices({ incidentId: incident.id, limit: mostOfKind }),
    readJumps(incident, before, parts),
    editsOf(incident, range, store),
    maintenanceOf(incident, range, store),
    runsOf(incident, range, store, now),
    checksOf(incident, range, store),
  ]);
  const entries: readonly Entry[] = [
    ...troublesOf(incident),
    ...actsOf(incident),
    ...comments.map(({ at, by, text }) => entryOf("comment", at, text, { by })),
    ...notices.map(({ notice, state, createdAt, sentAt }) =>
      entryOf("notice", sentAt ?? createdAt, `${notice.kind}, ${state}: ${notice.title}`),
    ),
    ...jumps.map(({ at, text, entry }) => {
      const { id, names } = entry.host;
      const name = parts.board.get(id)?.monitor.name ?? names[0] ?? id;
      return entryOf("series", at, text, { subject: { kind: "host", id, name } });
    }),
    ...others.flat(),
  ];
  return entries
    .toSorted((a, b) => a.at - b.at)
    .slice(0, mostEntries)
    .map((entry) => ({ ...entry, at: timeText(entry.at) }));
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
