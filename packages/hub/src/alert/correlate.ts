/**
 * Signals → incidents by cause: pure. A trouble joins an open incident when the same subject is in trouble there, when what
 * it depends on (or its host) is in trouble there, when it is what others there depend on and they began to fail just
 * before, or when it began together with others there that share a tie with it. Else it opens one of its own. An incident
 * is over when all its troubles are.
 */
import type { IncidentId } from "../model/id.ts";
import {
  compareSeverity,
  emptyFlow,
  openTroubles,
  type Incident,
  type IncidentCause,
  type Subject,
  type Trouble,
} from "../model/incident.ts";
import type { Signal } from "../model/signal.ts";
import { isApart, isToldApart } from "../model/stack-alert.ts";
import type { BookReads } from "./book.ts";
import type { Tie } from "./ties.ts";
import { titleOf } from "./title.ts";

export interface CorrelateParts {
  readonly book: BookReads;
  /** What the subject of a signal shares with others. */
  readonly ties: readonly Tie[];
  readonly createId: (nowMs: number) => IncidentId;
}

/** Failures this far apart begin together, ms. */
export const togetherMs = 120_000;
/** So many others of a network must fail before a network is believed to be behind it. */
const fewestOfNetwork = 2;

/** Rules that say that a subject does not do what it is there for: of one subject they are one incident. */
const outages: ReadonlySet<string> = new Set([
  "monitor_down",
  "monitor_degraded",
  "monitor_flapping",
  "host_silent",
  "job_failed",
  "job_lost",
  "job_late",
  "job_never_started",
  "job_slow",
]);

/** The incident a signal opens, changes or resolves, as it is then; null when it does nothing. */
export function correlate(signal: Signal, parts: CorrelateParts): Incident | null {
  const known = parts.book.byKey(signal.key);
  if (signal.state === "cleared") return known === undefined ? null : cleared(known, signal);
  if (known !== undefined) return raisedAgain(known, signal);
  const joined = findIncident(signal, parts);
  if (joined === undefined) return opened(signal, parts.createId(signal.decidedAt));
  return added(joined, signal, parts.book);
}

interface Joined {
  readonly incident: Incident;
  readonly cause: IncidentCause | null;
  /** The tie of those who hang on the cause, where that is what has just failed. */
  readonly above?: Tie["key"];
}

function findIncident(signal: Signal, { book: all, ties }: CorrelateParts): Joined | undefined {
  if (isApart(signal.rule)) return undefined;
  const book = withoutApart(all);
  const isOutage = outages.has(signal.rule);
  for (const incident of book.bySubject(signal.subject)) {
    const joins = isOutage ? hasOutageOf(incident, signal) : false;
    if (joins || beganTogether(incident, signal)) return { incident, cause: null };
  }
  const usable = ties.filter(({ kind }) => (kind === "certificate" ? !isOutage : isOutage));
  return (
    findCause(signal, usable, book) ??
    findConsequences(signal, usable, book) ??
    findSiblings(signal, usable, book)
  );
}

/** What is told apart is joined by nothing. */
function withoutApart(book: BookReads): BookReads {
  const joinable = (found: readonly Incident[]): readonly Incident[] =>
    found.filter((incident) => !isToldApart(incident));
  return {
    byKey: (key) => book.byKey(key),
    bySubject: (subject) => joinable(book.bySubject(subject)),
    byTie: (key) => joinable(book.byTie(key)),
    hasTie: (subject, key) => book.hasTie(subject, key),
  };
}

function hasOutageOf(incident: Incident, { subject }: Signal): boolean {
  return openTroubles(incident).some(
    (trouble) => outages.has(trouble.rule) && isSame(trouble.subject, subject),
  );
}

/** What it depends on is in trouble. */
function findCause(signal: Signal, ties: readonly Tie[], book: BookReads): Joined | undefined {
  for (const { cause, why } of ties) {
    if (isSame(cause, signal.subject)) continue;
    const incident = book
      .bySubject(cause)
      .find((one) => hasOutageOf(one, { ...signal, subject: cause }));
    if (incident !== undefined) return { incident, cause: { subject: cause, why } };
  }
  return undefined;
}

/** It is what others that just began to fail depend on. */
function findConsequences(
  signal: Signal,
  ties: readonly Tie[],
  book: BookReads,
): Joined | undefined {
  for (const { key, cause, why } of ties) {
    if (!isSame(cause, signal.subject)) continue;
    const incident = book.byTie(key).find((one) => beganTogether(one, signal));
    if (incident === undefined) continue;
    return { incident, cause: { subject: signal.subject, why }, above: key };
  }
  return undefined;
}

/** Others that share something with it began to fail just now. */
function findSiblings(signal: Signal, ties: readonly Tie[], book: BookReads): Joined | undefined {
  for (const { kind, key, cause, why } of ties) {
    const together = book.byTie(key).filter((one) => beganTogether(one, signal));
    const [incident] = together;
    if (incident === undefined) continue;
    if (kind === "network" && countTroubled(together) < fewestOfNetwork) continue;
    return { incident, cause: { subject: cause, why } };
  }
  return undefined;
}

function countTroubled(incidents: readonly Incident[]): number {
  return incidents.reduce((count, incident) => count + incident.subjects.length, 0);
}

/** Some trouble of it that lasts began at about the same time. */
function beganTogether(incident: Incident, { at, decidedAt }: Signal): boolean {
  return openTroubles(incident).some(
    ({ since }) => Math.abs(since - at) <= togetherMs || Math.abs(since - decidedAt) <= togetherMs,
  );
}

function opened(signal: Signal, id: IncidentId): Incident {
  return withSummary({
    id,
    title: "",
    severity: signal.severity,
    subjects: [signal.subject],
    cause: null,
    troubles: [troubleOf(signal)],
    labels: signal.labels,
    openedAt: signal.at,
    decidedAt: signal.decidedAt,
    acknowledgedAt: null,
    acknowledgedBy: null,
    snoozedUntil: null,
    resolvedAt: null,
    suppressedBy: null,
    reason: signal.reason,
    message: signal.message,
    evidence: signal.evidence,
    flapping: false,
    heldUntil: null,
    wakeAt: null,
    flow: emptyFlow,
    revision: 0,
  });
}

function troubleOf(signal: Signal): Trouble {
  const { key, rule, subject, severity, message, labels, at } = signal;
  return { key, rule, subject, severity, message, labels, since: at, until: null };
}

/** A subject that was in trouble before keeps its place. */
function added(joined: Joined, signal: Signal, book: BookReads): Incident {
  const { incident } = joined;
  const isKnown = incident.subjects.some((one) => isSame(one, signal.subject));
  const subjects = isKnown ? incident.subjects : [...incident.subjects, signal.subject];
  const cause = betterCause(joined, signal, book);
  return withSummary({
    ...incident,
    troubles: [...incident.troubles, troubleOf(signal)],
    cause,
    subjects: cause === null ? subjects : causeFirst(subjects, cause),
    openedAt: Math.min(incident.openedAt, signal.at),
  });
}

/**
 * What is itself in trouble is believed to be the cause before what is only shared, and what the former cause hangs on
 * before that.
 */
function betterCause(
  { incident, cause: found, above }: Joined,
  { subject }: Signal,
  book: BookReads,
): IncidentCause | null {
  if (found === null) return incident.cause;
  if (incident.cause === null) return found;
  if (above !== undefined && book.hasTie(incident.cause.subject, above)) return found;
  const isTroubled = ({ subject: one }: IncidentCause): boolean =>
    isSame(one, subject) || incident.subjects.some((other) => isSame(other, one));
  return isTroubled(found) && !isTroubled(incident.cause) ? found : incident.cause;
}

function causeFirst(
  subjects: Incident["subjects"],
  { subject }: IncidentCause,
): Incident["subjects"] {
  const at = subjects.findIndex((one) => isSame(one, subject));
  if (at <= 0) return subjects;
  return [...subjects.slice(at, at + 1), ...subjects.slice(0, at), ...subjects.slice(at + 1)];
}

/** Raised twice it is one trouble; it may have become worse, or be back while the others lasted. */
function raisedAgain(incident: Incident, signal: Signal): Incident | null {
  const known = incident.troubles.find(({ key }) => key === signal.key);
  if (known === undefined) return null;
  const isOpen = known.until === null;
  if (isOpen && known.severity === signal.severity) return null;
  const since = isOpen ? known.since : Math.max(signal.at, known.until);
  return replaced(incident, { ...troubleOf(signal), since });
}

function cleared(incident: Incident, { key, at }: Signal): Incident | null {
  const known = incident.troubles.find((one) => one.key === key);
  if (known === undefined || known.until !== null) return null;
  const changed = replaced(incident, { ...known, until: Math.max(at, known.since) });
  if (openTroubles(changed).length > 0) return changed;
  const ends = changed.troubles.map(({ until }) => until ?? 0);
  return resolved(changed, Math.max(...ends));
}

function replaced(incident: Incident, changed: Trouble): Incident {
  const troubles = incident.troubles.map((one) => (one.key === changed.key ? changed : one));
  return withSummary({ ...incident, troubles });
}

/** The incident as it is once it is over, by itself or because somebody says so. It never ends before it began. */
export function resolved(incident: Incident, at: number): Incident {
  const resolvedAt = Math.max(at, incident.openedAt);
  const troubles = incident.troubles.map((one) =>
    one.until === null ? { ...one, until: Math.max(at, one.since) } : one,
  );
  return { ...incident, troubles, resolvedAt, flapping: false, heldUntil: null, wakeAt: null };
}

/** An incident without what was wrong with a monitor or host; none when it had nothing to do with it. */
export function withoutSubject(
  incident: Incident,
  id: Subject["id"],
  at: number,
): readonly Incident[] {
  let changed: Incident = incident;
  for (const { key, subject, until } of incident.troubles) {
    if (until !== null || subject.id !== id) continue;
    changed = ended(changed, key, at);
  }
  return changed === incident ? [] : [changed];
}

function ended(incident: Incident, key: string, at: number): Incident {
  const troubles = incident.troubles.map((one) =>
    one.key === key ? { ...one, until: Math.max(at, one.since) } : one,
  );
  const changed = { ...incident, troubles };
  return troubles.every(({ until }) => until !== null)
    ? resolved(changed, at)
    : withSummary(changed);
}

/** What follows from the troubles. */
function withSummary(incident: Incident): Incident {
  const open = openTroubles(incident);
  if (open.length === 0) return incident;
  const [worst] = open.toSorted((a, b) => compareSeverity(a.severity, b.severity));
  return {
    ...incident,
    severity: worst?.severity ?? incident.severity,
    flapping: open.some(({ rule }) => rule === "monitor_flapping"),
    title: titleOf(incident),
  };
}

/** Whether two are the same thing. */
export function isSame(
  a: { readonly kind: string; readonly id: string },
  b: { readonly kind: string; readonly id: string },
): boolean {
  return a.kind === b.kind && a.id === b.id;
}
