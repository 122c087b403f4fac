/** What alerting asks of the rest of the hub: what subjects share, what people set, and how an incident is told. */
import type { Tie } from "./alert/ties.ts";
import type { AlertPolicy } from "./model/alert-policy.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost } from "./model/host.ts";
import type { MonitorId } from "./model/id.ts";
import { openTroubles, type Incident, type Subject } from "./model/incident.ts";
import type { Monitor } from "./model/monitor.ts";
import type { NoticeIncident } from "./model/notice.ts";

export interface RelationParts {
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
  };
  /** The host name or address a monitor checks. */
  readonly hostOf: (monitor: Monitor) => string;
  readonly checkNow: (id: MonitorId) => Promise<unknown>;
}

/** The label by whose value monitors belong together. */
const groupLabel = "group";
/** Dependencies of dependencies are followed so far down. */
const deepest = 10;
/** So many others are checked at once. */
const mostSiblings = 100;

export interface Relations {
  readonly tiesOf: (subject: Subject) => readonly Tie[];
  readonly parentsOf: (subject: Subject) => readonly Subject[];
  /** Checks others that share a tie; answers how many there are. */
  readonly checkSiblings: (subject: Subject, ties: readonly Tie[]) => number;
  readonly targetOf: (subject: Subject) => string | null;
}

/** Reads what monitors and hosts share from the present settings. */
export function createRelations({ board, hostOf, checkNow }: RelationParts): Relations {
  const entryOf = (id: string): BoardEntry | undefined => board.get(asMonitorId(id));

  function dependenciesOf(monitor: Monitor): readonly Monitor[] {
    const found = new Map<MonitorId, Monitor>();
    let level: readonly Monitor[] = [monitor];
    for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
      level = level
        .flatMap(({ dependsOn }) => dependsOn.map((id) => board.get(id)?.monitor))
        .filter((one) => one !== undefined && one.id !== monitor.id && !found.has(one.id))
        .filter((one) => one !== undefined);
      for (const one of level) found.set(one.id, one);
    }
    return [...found.values()];
  }

  function tiesOf(subject: Subject): readonly Tie[] {
    const monitor = entryOf(subject.id)?.monitor;
    if (monitor === undefined || (subject.kind !== "monitor" && subject.kind !== "host")) return [];
    if (followsHost(monitor)) return [hostTie(monitor)];
    const address = hostOf(monitor).toLowerCase();
    const host = hostNamed(address);
    const group = monitor.labels[groupLabel];
    return [
      dependencyTie(monitor),
      ...dependenciesOf(monitor).map(dependencyTie),
      ...(host === undefined ? [] : [hostTie(host)]),
      sharedTie("address", address, address),
      ...(group === undefined ? [] : [sharedTie("group", group, `group ${group}`)]),
    ];
  }

  function hostNamed(name: string): Monitor | undefined {
    for (const { monitor } of board.hostEntries()) {
      if (monitor.name.toLowerCase() === name) return monitor;
    }
    return undefined;
  }

  return {
    tiesOf,
    parentsOf: (subject) =>
      tiesOf(subject)
        .filter(({ kind }) => kind === "depends_on" || kind === "host")
        .map(({ cause }) => cause)
        .filter((cause) => cause.id !== subject.id),
    checkSiblings(subject, ties) {
      const keys = new Set(ties.map(({ key }) => key));
      const siblings: MonitorId[] = [];
      for (const { monitor } of board.entries()) {
        if (!monitor.enabled || monitor.id === subject.id) continue;
        const own = tiesOf(asSubject(monitor));
        if (own.some(({ key }) => keys.has(key))) siblings.push(monitor.id);
        if (siblings.length === mostSiblings) break;
      }
      for (const id of siblings) void checkNow(id).catch(() => undefined);
      return siblings.length;
    },
    targetOf(subject) {
      const entry = entryOf(subject.id);
      return entry === undefined || followsHost(entry.monitor) ? null : hostOf(entry.monitor);
    },
  };
}

function asSubject(monitor: Monitor): Subject {
  const kind = followsHost(monitor) ? "host" : "monitor";
  return { kind, id: monitor.id, name: monitor.name };
}

function dependencyTie(monitor: Monitor): Tie {
  return {
    kind: "depends_on",
    key: `monitor:${monitor.id}`,
    cause: asSubject(monitor),
    why: `they depend on ${monitor.name}`,
  };
}

function hostTie(monitor: Monitor): Tie {
  return {
    kind: "host",
    key: `host:${monitor.id}`,
    cause: asSubject(monitor),
    why: `the same host: ${monitor.name}`,
  };
}

function sharedTie(kind: "address" | "group", id: string, name: string): Tie {
  const why = kind === "address" ? `the same address: ${id}` : `the same group: ${id}`;
  return {
    kind,
    key: `${kind}:${id}`,
    cause: { kind: "external", id: `${kind}:${id}`, name },
    why,
  };
}

/** Guarantee: what is found by it was put on the board under a monitor's id; another text finds nothing. */
function asMonitorId(id: string): MonitorId {
  return id as MonitorId;
}

/** Reads what people set, anew when it changed. */
export function createPolicyReader(
  store: {
    alertSettingChanges(): Promise<number>;
    alertPolicy(now: number): Promise<AlertPolicy & { readonly changes: number }>;
  },
  clock: Pick<Clock, "now">,
): () => Promise<AlertPolicy> {
  let known: (AlertPolicy & { readonly changes: number }) | null = null;
  return async () => {
    const changes = await store.alertSettingChanges();
    if (known === null || known.changes !== changes) known = await store.alertPolicy(clock.now());
    return known;
  };
}

const mostSubjects = 10;

/** An incident as people are told of it. `publicUrl` is where its page is; null: not known. */
export function describeIncident(
  incident: Incident,
  { publicUrl, targetOf }: Pick<Relations, "targetOf"> & { readonly publicUrl: string | null },
): NoticeIncident {
  const { id, title, severity, message, cause, subjects, labels } = incident;
  const troubled = new Set(openTroubles(incident).map(({ subject }) => subject.id)).size;
  const facts = [
    ...(subjects.length > 1 && troubled > 0
      ? [{ name: "in trouble now", value: `${troubled} of ${subjects.length}` }]
      : []),
    ...(incident.reason === null ? [] : [{ name: "reason", value: incident.reason }]),
  ];
  const isCauseSubject = cause !== null && subjects.length === 1;
  return {
    id,
    status: incident.resolvedAt === null ? "firing" : "resolved",
    severity,
    title,
    message,
    cause: cause === null || isCauseSubject ? null : `${cause.subject.name} (${cause.why})`,
    subjects: subjects
      .slice(0, mostSubjects)
      .map((subject) => ({ ...subject, target: targetOf(subject) })),
    affected: subjects.length,
    labels: { ...labels, severity },
    facts,
    openedAt: incident.openedAt,
    acknowledgedAt: incident.acknowledgedAt,
    acknowledgedBy: incident.acknowledgedBy,
    resolvedAt: incident.resolvedAt,
    links:
      publicUrl === null
        ? null
        : { page: `${publicUrl}/dashboard/incidents/${id}`, acknowledge: null, snooze: null },
  };
}
