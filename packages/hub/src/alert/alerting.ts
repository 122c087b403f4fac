/**
 * Consumes transitions and signals in their order, and keeps the incidents. Each step commits {inputs consumed, incidents,
 * notices} together, so a crash at any point repeats a step or does not, and never does half. One step runs at a time, what
 * people do to incidents included, so that neither forgets the other. A store that fails is asked again with growing
 * pauses; when another hub wrote meanwhile, everything is read anew.
 */
import type { AuditEntry } from "../model/access.ts";
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import type { IdMaker, IncidentId, MonitorId } from "../model/id.ts";
import type { AlertPolicy } from "../model/alert-policy.ts";
import type { Incident, IncidentComment, Subject } from "../model/incident.ts";
import type { Transition } from "../model/judgement.ts";
import type { ChannelId, NewNotice, NoticeGroup, NoticeIncident } from "../model/notice.ts";
import type { Signal } from "../model/signal.ts";
import { IncidentBook } from "./book.ts";
import { correlate, resolved, withoutSubject } from "./correlate.ts";
import { countedBy, decide } from "./decide.ts";
import type { Siblings, Tie } from "./ties.ts";
import { signalsOf, type FollowedSubject } from "./transition-signals.ts";

export interface AlertingStore {
  pendingTransitions(
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly transition: Transition }[]>;
  pendingSignals(
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly signal: Signal }[]>;
  /** Rejects with `conflict` when another hub decided something after so many steps. */
  commitAlerting(step: {
    readonly after: number;
    readonly consumed: readonly number[];
    readonly signals: readonly number[];
    readonly incidents: readonly Incident[];
    readonly notices: readonly NewNotice[];
    readonly groups: readonly NoticeGroup[];
    readonly comments: readonly IncidentComment[];
    readonly audit: readonly AuditEntry[];
  }): Promise<void>;
  /** What a step is decided from; `steps` counts those that were ever committed. */
  alertingState(): Promise<{
    readonly steps: number;
    readonly incidents: readonly Incident[];
    readonly groups: readonly NoticeGroup[];
  }>;
  /** How many steps were ever committed; cheap. */
  alertingSteps(): Promise<number>;
  recentNotices(
    since: number,
  ): Promise<
    readonly { readonly route: string; readonly channelId: ChannelId; readonly at: number }[]
  >;
  incident(id: IncidentId): Promise<Incident | undefined>;
}

export interface AlertingParts {
  readonly clock: Pick<Clock, "now">;
  readonly store: AlertingStore;
  readonly createId: IdMaker;
  /** What transitions of a monitor are about; undefined for one that is gone or made up. */
  readonly subjectOf: (id: MonitorId) => FollowedSubject | undefined;
  /** What a subject shares with others. */
  readonly tiesOf: (subject: Subject) => readonly Tie[];
  /** Everything people set about who is told. */
  readonly policy: () => Promise<AlertPolicy>;
  /** What a subject hangs on: those it depends on, and its host. */
  readonly parentsOf: (subject: Subject) => readonly Subject[];
  /** An incident as people are told of it. */
  readonly describe: (incident: Incident) => NoticeIncident;
  /** Checks others that share something with a subject at once; null: there are none. */
  readonly checkSiblings: (subject: Subject, ties: readonly Tie[]) => Siblings | null;
  /** Told of incidents once they are stored. */
  readonly onIncidents: (incidents: readonly Incident[]) => void;
  /** Told when notices wait to be delivered. */
  readonly onNotices: () => void;
  readonly onError: (error: unknown) => void;
}

/** How long the first notice waits at most while others that share something are checked, ms. */
const holdMs = 5_000;
/** Times are looked at at least this often, ms: the wall clock may jump. */
const longestWaitMs = 15_000;
const hourMs = 3_600_000;
const stepSize = 200;
const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Hubs that decide all the time let a person in by then. */
const mostTries = 20;

/** What a person does to an incident; null: it leaves it as it is. */
type Act = (
  incident: Incident,
  now: number,
) => {
  readonly incident: Incident;
  readonly detail: unknown;
} | null;

export class Alerting implements AsyncDisposable {
  readonly #parts: AlertingParts;
  readonly #book: IncidentBook;
  #groups = new Map<string, NoticeGroup>();
  /** What the book and the groups hold is what so many steps came to. */
  #steps = 0;
  /** Others that are checked before somebody is told of an incident. */
  readonly #held = new Map<IncidentId, { readonly siblings: Siblings; isSettled: boolean }>();
  /** When something has to be looked at although nothing happens. */
  #timer: NodeJS.Timeout | null = null;
  #policy: AlertPolicy | null = null;
  #loaded = false;
  #wanted = false;
  #running: Promise<void> | null = null;
  /** The end of the latest step. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(parts: AlertingParts) {
    this.#parts = parts;
    this.#book = new IncidentBook(parts.tiesOf);
  }

  get openIncidents(): number {
    return this.#book.size;
  }

  /** There may be something to consume; returns at once. */
  wake(): void {
    this.#wanted = true;
    if (this.#stop.signal.aborted || this.#running !== null) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#wanted && !this.#stop.signal.aborted) this.wake();
    });
  }

  /**
   * Another hub may have decided something: what it left open is looked after here as well, and whoever shows incidents is
   * told which are others than before.
   */
  async look(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#loaded || (await this.#parts.store.alertingSteps()) === this.#steps) return;
      const before = new Map([...this.#book.all()].map((incident) => [incident.id, incident]));
      this.#loaded = false;
      await this.#load();
      const changed = [...this.#book.all()].filter(
        ({ id, revision }) => before.get(id)?.revision !== revision,
      );
      const gone = [...before.values()].filter(({ id }) => this.#book.get(id) === undefined);
      this.#parts.onIncidents([...changed, ...gone]);
    });
    this.wake();
  }

  /** Ends the troubles of a monitor that was deleted or paused, after what was decided before. */
  close(id: MonitorId, at: number): Promise<void> {
    return this.#byPerson(async () => {
      await this.#consume();
      const closed = [...this.#book.all()].flatMap((incident) => withoutSubject(incident, id, at));
      if (closed.length > 0) await this.#decide({ incidents: closed });
    });
  }

  /** Notes that somebody takes care of an incident; undefined when there is none. A second time changes nothing. */
  acknowledge(id: IncidentId, actor: string): Promise<Incident | undefined> {
    return this.#act(id, "acknowledge", actor, (incident, now) => {
      if (incident.acknowledgedAt !== null) return null;
      const acknowledged = { ...incident, acknowledgedAt: now, acknowledgedBy: actor };
      return { incident: acknowledged, detail: { title: incident.title } };
    });
  }

  /** Nobody is told of it for so long (ms), unless it is over before; undefined when there is none. */
  snooze(id: IncidentId, ms: number, actor: string): Promise<Incident | undefined> {
    return this.#act(id, "snooze", actor, (incident, now) => {
      if (incident.resolvedAt !== null) return null;
      const snoozedUntil = now + ms;
      return { incident: { ...incident, snoozedUntil }, detail: { title: incident.title, ms } };
    });
  }

  /** Ends an incident by hand: what is still wrong then opens another one only when it changes again. */
  resolve(id: IncidentId, actor: string): Promise<Incident | undefined> {
    return this.#act(id, "resolve", actor, (incident, now) => {
      if (incident.resolvedAt !== null) return null;
      return { incident: resolved(incident, now), detail: { title: incident.title } };
    });
  }

  /** Adds a comment to an incident; undefined when there is none. */
  comment(id: IncidentId, text: string, actor: string): Promise<IncidentComment | undefined> {
    return this.#byPerson(async () => {
      await this.#load();
      const found = await this.#parts.store.incident(id);
      if (found === undefined) return undefined;
      const at = this.#parts.clock.now();
      const comment = { incidentId: id, at, by: actor, text };
      const audit = auditOf("comment", id, actor, at, { title: found.title });
      await this.#commit({ comments: [comment], audit: [audit] });
      this.#parts.onIncidents([found]);
      return comment;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await this.#turn;
  }

  #act(id: IncidentId, action: string, actor: string, act: Act): Promise<Incident | undefined> {
    return this.#byPerson(async () => {
      await this.#load();
      const found = this.#book.get(id) ?? (await this.#parts.store.incident(id));
      if (found === undefined) return undefined;
      const now = this.#parts.clock.now();
      const done = act(found, now);
      if (done === null) return found;
      const audit = auditOf(action, id, actor, now, done.detail);
      const written = await this.#decide({ incidents: [done.incident], audit: [audit] });
      return written.find((one) => one.id === id);
    });
  }

  /** What a person does is done although another hub decides something meanwhile. */
  #byPerson<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await work();
        } catch (error) {
          if (!isConflict(error) || tries === mostTries) throw error;
        }
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {
      // The book may be ahead of the store, and what is in it would be taken for known.
      this.#loaded = false;
    });
    return mine;
  }

  async #run(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (this.#wanted && !this.#stop.signal.aborted) {
      this.#wanted = false;
      try {
        await this.#inTurn(() => this.#consume());
        pauseMs = firstPauseMs;
      } catch (error) {
        this.#parts.onError(error);
        this.#wanted = true;
        await sleep(pauseMs, this.#stop.signal);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    const { steps, incidents, groups } = await this.#parts.store.alertingState();
    this.#steps = steps;
    this.#book.clear();
    for (const incident of incidents) this.#book.put(incident);
    this.#groups = new Map(groups.map((group) => [group.key, group]));
    this.#loaded = true;
    this.#arm();
  }

  async #consume(): Promise<void> {
    await this.#load();
    while (await this.#step());
    // Also where nothing was due yet: a wait may be longer than the timer goes at once.
    this.#arm();
  }

  async #step(): Promise<boolean> {
    const { store } = this.#parts;
    const [transitions, signals, policy] = await Promise.all([
      store.pendingTransitions(stepSize),
      store.pendingSignals(stepSize),
      this.#parts.policy(),
    ]);
    const written = new Map<IncidentId, Incident>();
    const all = [
      ...transitions.flatMap(({ transition }) => this.#signalsOf(transition)),
      ...signals.map(({ signal }) => signal),
    ];
    for (const signal of all) {
      const after = this.#correlate(signal);
      if (after === null) continue;
      written.set(after.id, after);
      this.#book.put(after);
    }
    for (const incident of this.#released()) written.set(incident.id, incident);
    for (const incident of this.#due(policy, written)) written.set(incident.id, incident);
    this.#policy = policy;
    if (transitions.length === 0 && signals.length === 0 && written.size === 0) {
      if (!this.#hasDueGroup()) return false;
    }
    await this.#decide({
      consumed: transitions.map(({ sequence }) => sequence),
      signals: signals.map(({ sequence }) => sequence),
      incidents: [...written.values()],
    });
    return transitions.length === stepSize || signals.length === stepSize;
  }

  /** Incidents whose time has come; all of them when people changed who is told, or may have while nobody looked. */
  #due(policy: AlertPolicy, written: ReadonlyMap<IncidentId, Incident>): readonly Incident[] {
    const now = this.#parts.clock.now();
    const isNew = policy !== this.#policy;
    const someOver = [...written.values()].some(({ resolvedAt }) => resolvedAt !== null);
    return [...this.#book.all()].filter((one) => {
      if (written.has(one.id)) return false;
      if (isNew || (one.wakeAt !== null && one.wakeAt <= now)) return true;
      return someOver && one.suppressedBy === "inhibition";
    });
  }

  #hasDueGroup(): boolean {
    const now = this.#parts.clock.now();
    return [...this.#groups.values()].some(({ dueAt }) => dueAt <= now);
  }

  #signalsOf(transition: Transition): readonly Signal[] {
    const followed = this.#parts.subjectOf(transition.monitorId);
    return followed === undefined ? [] : signalsOf(transition, followed);
  }

  #correlate(signal: Signal): Incident | null {
    const { createId, tiesOf } = this.#parts;
    const ties = tiesOf(signal.subject);
    const after = correlate(signal, { book: this.#book, ties, createId });
    if (after === null || after.revision > 0 || after.troubles.length > 1) return after;
    // Others that share something may be about to fail: whoever is told is told of all of them.
    const isNew = after.resolvedAt === null && after.heldUntil === null;
    if (!isNew || ties.length === 0) return after;
    const siblings = this.#parts.checkSiblings(signal.subject, ties);
    if (siblings === null) return after;
    const held = { siblings, isSettled: false };
    this.#held.set(after.id, held);
    void siblings.settled.then(() => {
      held.isSettled = true;
      this.wake();
    });
    return { ...after, heldUntil: this.#parts.clock.now() + holdMs };
  }

  /** Incidents whose others were checked, or that waited long enough for it. */
  #released(): readonly Incident[] {
    const now = this.#parts.clock.now();
    const released: Incident[] = [];
    for (const [id, { siblings, isSettled }] of this.#held) {
      const incident = this.#book.get(id);
      if (incident !== undefined && !isSettled && (incident.heldUntil ?? 0) > now) continue;
      this.#held.delete(id);
      if (incident === undefined || incident.heldUntil === null) continue;
      const isHere = (one: MonitorId): boolean => incident.subjects.some((its) => its.id === one);
      const suspected = siblings.failing().filter((one) => !isHere(one)).length;
      const flow = { ...incident.flow, suspected };
      const free = { ...incident, flow, heldUntil: null };
      this.#book.put(free);
      released.push(free);
    }
    return released;
  }

  /** Takes incidents through the stages, and commits what came of it with what it was made from. */
  async #decide(
    step: Step & { readonly incidents: readonly Incident[] },
  ): Promise<readonly Incident[]> {
    const { clock, store, createId, parentsOf, describe } = this.#parts;
    const now = clock.now();
    const policy = this.#policy ?? (await this.#parts.policy());
    for (const incident of step.incidents) this.#book.put(incident);
    const recent = countedBy(await store.recentNotices(now - hourMs));
    const waited = await this.#waitedFor(now);
    const decided = decide({
      now,
      policy,
      open: [...this.#book.all()],
      incidents: step.incidents,
      groups: this.#groups,
      world: {
        createId,
        parentsOf,
        describe,
        recent: ({ key }) => recent.get(key) ?? { count: 0, oldestAt: null },
        incident: (id) => this.#book.get(id) ?? waited.get(id),
      },
    });
    return this.#commit({ ...step, ...decided });
  }

  /** Incidents in groups that are due and that are over by now. */
  async #waitedFor(now: number): Promise<ReadonlyMap<IncidentId, Incident>> {
    const found = new Map<IncidentId, Incident>();
    for (const { dueAt, entries } of this.#groups.values()) {
      if (dueAt > now) continue;
      for (const { incidentId } of entries) {
        if (found.has(incidentId) || this.#book.get(incidentId) !== undefined) continue;
        const incident = await this.#parts.store.incident(incidentId);
        if (incident !== undefined) found.set(incidentId, incident);
      }
    }
    return found;
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    const times = [...this.#groups.values()].map(({ dueAt }) => dueAt);
    for (const { wakeAt } of this.#book.all()) if (wakeAt !== null) times.push(wakeAt);
    if (times.length === 0 && this.#book.size === 0) return;
    const next = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const waitMs = Math.min(longestWaitMs, Math.max(1, next - this.#parts.clock.now()));
    this.#timer = setTimeout(() => this.wake(), waitMs);
  }

  /** What is in the book may be ahead of the store: when the store does not take it, the book is read anew. */
  async #commit(step: Step): Promise<readonly Incident[]> {
    const grown = <T extends { readonly revision: number }>(list: readonly T[] | undefined) =>
      (list ?? []).map((one) => ({ ...one, revision: one.revision + 1 }));
    const incidents = grown(step.incidents);
    const groups = grown(step.groups);
    const nothing = { consumed: [], signals: [], notices: [], comments: [], audit: [] };
    try {
      const after = this.#steps;
      await this.#parts.store.commitAlerting({ after, ...nothing, ...step, incidents, groups });
    } catch (error) {
      this.#loaded = false;
      this.#policy = null;
      if (isConflict(error)) {
        // What was refused may be what was written before, its answer lost: whoever shows or sends it looks.
        if (incidents.length > 0) this.#parts.onIncidents(incidents);
        this.#parts.onNotices();
        this.wake();
      }
      throw error;
    }
    this.#steps += 1;
    for (const incident of incidents) this.#book.put(incident);
    for (const group of groups) {
      if (group.entries.length === 0) this.#groups.delete(group.key);
      else this.#groups.set(group.key, group);
    }
    this.#arm();
    if (incidents.length > 0) this.#parts.onIncidents(incidents);
    if ((step.notices ?? []).length > 0) this.#parts.onNotices();
    return incidents;
  }
}

/** What is committed together. */
interface Step {
  readonly consumed?: readonly number[];
  readonly signals?: readonly number[];
  readonly incidents?: readonly Incident[];
  readonly notices?: readonly NewNotice[];
  readonly groups?: readonly NoticeGroup[];
  readonly comments?: readonly IncidentComment[];
  readonly audit?: readonly AuditEntry[];
}

function auditOf(
  action: string,
  resourceId: string,
  actor: string,
  at: number,
  detail: unknown,
): AuditEntry {
  return { at, actor, action, resource: "incident", resourceId, detail };
}

function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === "conflict";
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolveSleep) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolveSleep();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
