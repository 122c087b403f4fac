/** What changed around an incident beside its own troubles: edits, maintenance, runs of jobs. Entries come unsorted. */
import { parseId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import { elapsedSecondsOf, jobNameOf, type JobId, type KeptRun } from "../model/job.ts";
import type { TimeRange } from "../model/series.ts";
import { entryOf, type Entry } from "./incidents-entry.ts";
import { timeText } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";

/** Of each kind, and of so many subjects. */
const mostOfKind = 100;
const mostSubjects = 20;
/** Edits are looked for among the newest so many entries of the audit. */
const auditPage = 500;
const mostAuditPages = 10;
const mostRuns = 30;

type Store = ApiParts["store"];

/** What people and keys did: to Belfry within the range, and to the incident whenever. */
export async function editsOf(
  { id }: Incident,
  range: TimeRange,
  store: Pick<Store, "auditEntries">,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  let cursor: number | undefined;
  for (let page = 0; page < mostAuditPages && found.length < mostOfKind; page += 1) {
    const entries = await store.auditEntries({
      limit: auditPage,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { at, actor, action, resource, resourceId, detail } of entries) {
      if (at < range.from || at > range.to) continue;
      if (resource !== "incident") {
        const name = textOf(detail, "name") ?? textOf(detail, "title");
        const text = `${action} ${resource.replaceAll("_", " ")}${name === undefined ? "" : ` ${name}`}`;
        found.push(entryOf("edit", at, text, { by: actor }));
      } else if (resourceId === id && action === "snooze") {
        found.push(entryOf("snoozed", at, snoozeText(at, detail), { by: actor }));
      }
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < auditPage || last.at < range.from) break;
    cursor = last.sequence;
  }
  return found.slice(0, mostOfKind).toReversed();
}

function snoozeText(at: number, detail: unknown): string {
  const ms = fieldOf(detail, "ms");
  return typeof ms === "number" ? `nobody is told until ${timeText(at + ms)}` : "nobody is told";
}

function textOf(detail: unknown, field: string): string | undefined {
  const value = fieldOf(detail, field);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function fieldOf(detail: unknown, field: string): unknown {
  if (typeof detail !== "object" || detail === null) return undefined;
  return Object.entries(detail).find(([name]) => name === field)?.[1];
}

/** Where maintenance of its monitors and hosts began and ended. */
export async function maintenanceOf(
  { subjects }: Incident,
  range: TimeRange,
  store: Pick<Store, "statusIntervalsOf">,
): Promise<readonly Entry[]> {
  const own = new Map<string, Subject>(
    subjects
      .filter(({ kind }) => kind === "monitor" || kind === "host")
      .slice(0, mostSubjects)
      .map((subject) => [subject.id, subject]),
  );
  const ids = [...own.keys()].flatMap((id) => parseId<"monitor">(id) ?? []);
  if (ids.length === 0) return [];
  const found: Entry[] = [];
  for (const [id, intervals] of await store.statusIntervalsOf(ids, range)) {
    const subject = own.get(id) ?? null;
    for (const { status, from, to } of intervals) {
      if (status !== "maintenance") continue;
      if (from >= range.from) {
        found.push(entryOf("maintenance", from, "expected to be down from now on", { subject }));
      }
      if (to !== null && to <= range.to) {
        found.push(entryOf("maintenance", to, "maintenance is over", { subject }));
      }
    }
  }
  return found;
}

/** Runs that began within the range, of any job, and the latest of those it is about; each with its end. */
export async function runsOf(
  { subjects, openedAt }: Incident,
  range: TimeRange,
  store: Pick<Store, "runs">,
  now: number,
): Promise<readonly Entry[]> {
  const jobs = subjects
    .filter(({ kind }) => kind === "job")
    .slice(0, mostSubjects)
    .flatMap(({ id }) => parseId<"job">(id) ?? []);
  const ofJob = (jobId: JobId) => store.runs({ jobId, until: range.to, limit: 3 });
  const [any, ...own] = await Promise.all([
    store.runs({ since: range.from, until: openedAt, level: "top", limit: mostRuns }),
    ...jobs.map(ofJob),
  ]);
  const runs = new Map([any, ...own].flat().map((run) => [run.id, run]));
  return [...runs.values()]
    .flatMap((run) => entriesOf(run, now))
    .filter(({ at }) => at >= range.from && at <= range.to);
}

function entriesOf(run: KeptRun, now: number): readonly Entry[] {
  const { jobId, state, status, startedAt } = run;
  const name = jobNameOf(state, run)?.name;
  if (jobId === null || name === undefined) return [];
  const subject = { kind: "job", id: jobId, name } as const;
  const began = entryOf("run", startedAt, "a run began", { subject });
  if (state.end === null) {
    return status === "lost"
      ? [began, entryOf("run", run.updatedAt, "the run was heard of last", { subject })]
      : [began];
  }
  const elapsed = elapsedSecondsOf(run, now);
  const took = elapsed === null ? "" : ` after ${Math.round(elapsed * 10) / 10} s`;
  const why = state.error?.value.message ?? null;
  const message = state.end.value === "failed" && why !== null ? `: ${why.slice(0, 200)}` : "";
  return [
    began,
    entryOf("run", state.end.at, `the run ${state.end.value}${took}${message}`, { subject }),
  ];
}
