/** The incidents that are open, found by what is wrong, with whom, and by what they share. */
import type { IncidentId } from "../model/id.ts";
import { openTroubles, type Incident, type Subject } from "../model/incident.ts";
import type { Tie } from "./ties.ts";

/** What is asked of the book when a signal is put to an incident. */
export interface BookReads {
  /** The open incident that has this trouble, over or not. */
  byKey(key: string): Incident | undefined;
  /** Open incidents with a trouble of this subject that lasts. */
  bySubject(subject: Pick<Subject, "kind" | "id">): readonly Incident[];
  /** Open incidents with a trouble that lasts of somebody who has this tie. */
  byTie(key: string): readonly Incident[];
  /** Whether a subject has this tie, in trouble or not. */
  hasTie(subject: Subject, key: string): boolean;
}

export class IncidentBook implements BookReads {
  readonly #incidents = new Map<IncidentId, Incident>();
  readonly #byKey = new Map<string, IncidentId>();
  readonly #bySubject = new Map<string, Set<IncidentId>>();
  readonly #byTie = new Map<string, Set<IncidentId>>();
  readonly #entered = new Map<
    IncidentId,
    { keys: readonly string[]; subjects: Set<string>; ties: Set<string> }
  >();
  readonly #tiesOf: (subject: Subject) => readonly Tie[];

  constructor(tiesOf: (subject: Subject) => readonly Tie[]) {
    this.#tiesOf = tiesOf;
  }

  get size(): number {
    return this.#incidents.size;
  }

  get(id: IncidentId): Incident | undefined {
    return this.#incidents.get(id);
  }

  all(): Iterable<Incident> {
    return this.#incidents.values();
  }

  /** Puts an incident as it is now; one that is over is taken out. */
  put(incident: Incident): void {
    const { id } = incident;
    if (incident.resolvedAt !== null) {
      this.#leave(id);
      this.#incidents.delete(id);
      return;
    }
    const former = this.#incidents.get(id);
    this.#incidents.set(id, incident);
    if (former?.troubles === incident.troubles) return;
    this.#leave(id);
    this.#enter(incident);
  }

  clear(): void {
    this.#incidents.clear();
    this.#byKey.clear();
    this.#bySubject.clear();
    this.#byTie.clear();
    this.#entered.clear();
  }

  byKey(key: string): Incident | undefined {
    const id = this.#byKey.get(key);
    return id === undefined ? undefined : this.#incidents.get(id);
  }

  bySubject({ kind, id }: Pick<Subject, "kind" | "id">): readonly Incident[] {
    return this.#read(this.#bySubject.get(`${kind}:${id}`));
  }

  byTie(key: string): readonly Incident[] {
    return this.#read(this.#byTie.get(key));
  }

  hasTie(subject: Subject, key: string): boolean {
    return this.#tiesOf(subject).some((tie) => tie.key === key);
  }

  #read(ids: ReadonlySet<IncidentId> | undefined): readonly Incident[] {
    return [...(ids ?? [])].flatMap((id) => this.#incidents.get(id) ?? []);
  }

  #enter(incident: Incident): void {
    const subjects = new Set<string>();
    const ties = new Set<string>();
    for (const { subject } of openTroubles(incident)) {
      const name = `${subject.kind}:${subject.id}`;
      if (subjects.has(name)) continue;
      subjects.add(name);
      for (const { key } of this.#tiesOf(subject)) ties.add(key);
    }
    const keys = incident.troubles.map(({ key }) => key);
    for (const key of keys) this.#byKey.set(key, incident.id);
    for (const name of subjects) add(this.#bySubject, name, incident.id);
    for (const key of ties) add(this.#byTie, key, incident.id);
    this.#entered.set(incident.id, { keys, subjects, ties });
  }

  #leave(id: IncidentId): void {
    const entered = this.#entered.get(id);
    if (entered === undefined) return;
    for (const key of entered.keys) if (this.#byKey.get(key) === id) this.#byKey.delete(key);
    for (const name of entered.subjects) remove(this.#bySubject, name, id);
    for (const key of entered.ties) remove(this.#byTie, key, id);
    this.#entered.delete(id);
  }
}

function add(map: Map<string, Set<IncidentId>>, key: string, id: IncidentId): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, new Set([id]));
  else ids.add(id);
}

function remove(map: Map<string, Set<IncidentId>>, key: string, id: IncidentId): void {
  const ids = map.get(key);
  ids?.delete(id);
  if (ids?.size === 0) map.delete(key);
}
