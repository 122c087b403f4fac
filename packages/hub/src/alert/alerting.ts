/**
 * Consumes the transitions that `commit` stored, in their order, and keeps the incidents. Each step commits
 * {inputs consumed, incidents} together, so a crash at any point repeats a step or does not, and never does half.
 * One step runs at a time, what people do to incidents included, so that neither forgets the other. A store that fails is
 * asked again with growing pauses.
 */
import type { AuditEntry } from "../model/access.ts";
import type { IncidentId, MonitorId } from "../model/id.ts";
import type { Incident } from "../model/incident.ts";
import type { Transition } from "../model/judgement.ts";
import { incidentAfter, resolve, type IncidentParts } from "./incidents.ts";

export interface AlertingStore {
  pendingTransitions(
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly transition: Transition }[]>;
  commitAlerting(step: {
    readonly consumed: readonly number[];
    readonly incidents: readonly Incident[];
  }): Promise<void>;
  openIncidents(): Promise<readonly Incident[]>;
  incident(id: IncidentId): Promise<Incident | undefined>;
  updateIncident(incident: Incident, audit: AuditEntry): Promise<void>;
}

export interface AlertingParts extends IncidentParts {
  readonly store: AlertingStore;
  /** Told of incidents once they are stored. */
  readonly onIncidents: (incidents: readonly Incident[]) => void;
  readonly onError: (error: unknown) => void;
}

const stepSize = 200;
const firstPauseMs = 200;
const longestPauseMs = 10_000;

export class Alerting implements AsyncDisposable {
  readonly #parts: AlertingParts;
  /** Open incidents by the monitor they are about. */
  readonly #open = new Map<MonitorId, Incident>();
  #loaded = false;
  #wanted = false;
  #running: Promise<void> | null = null;
  /** The end of the latest step. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(parts: AlertingParts) {
    this.#parts = parts;
  }

  get openIncidents(): number {
    return this.#open.size;
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

  /** Resolves the open incident of a monitor that was deleted or paused, after what was decided before. */
  close(id: MonitorId, at: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#load();
      while (await this.#step());
      const open = this.#open.get(id);
      if (open !== undefined) await this.#commit([], [resolve(open, at)]);
    });
  }

  /**
   * Notes that somebody takes care of an incident; undefined when there is none with this id. A second time changes
   * nothing.
   */
  acknowledge(id: IncidentId, at: number, actor: string): Promise<Incident | undefined> {
    return this.#inTurn(async () => {
      await this.#load();
      const found = await this.#parts.store.incident(id);
      if (found === undefined || found.acknowledgedAt !== null) return found;
      const acknowledged = { ...found, acknowledgedAt: at };
      await this.#parts.store.updateIncident(acknowledged, {
        at,
        actor,
        action: "acknowledge",
        resource: "incident",
        resourceId: id,
        detail: { message: found.message },
      });
      this.#remember(acknowledged);
      this.#parts.onIncidents([acknowledged]);
      return acknowledged;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#turn;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #run(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (this.#wanted && !this.#stop.signal.aborted) {
      this.#wanted = false;
      try {
        await this.#inTurn(async () => {
          await this.#load();
          while (await this.#step());
        });
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
    for (const incident of await this.#parts.store.openIncidents()) this.#remember(incident);
    this.#loaded = true;
  }

  async #step(): Promise<boolean> {
    const inputs = await this.#parts.store.pendingTransitions(stepSize);
    if (inputs.length === 0) return false;
    const touched = new Map<MonitorId, Incident>();
    const written = new Map<string, Incident>();
    for (const { transition } of inputs) {
      const id = transition.monitorId;
      const latest = touched.get(id) ?? this.#open.get(id);
      const open = latest?.resolvedAt === null ? latest : undefined;
      const after = incidentAfter(open, transition, this.#parts);
      if (after === null) continue;
      touched.set(id, after);
      written.set(after.id, after);
    }
    await this.#commit(
      inputs.map((input) => input.sequence),
      [...written.values()],
    );
    return inputs.length === stepSize;
  }

  async #commit(consumed: readonly number[], incidents: readonly Incident[]): Promise<void> {
    await this.#parts.store.commitAlerting({ consumed, incidents });
    for (const incident of incidents) this.#remember(incident);
    if (incidents.length > 0) this.#parts.onIncidents(incidents);
  }

  #remember(incident: Incident): void {
    for (const subject of incident.subjects) {
      if (incident.resolvedAt === null) this.#open.set(subject.id, incident);
      else if (this.#open.get(subject.id)?.id === incident.id) this.#open.delete(subject.id);
    }
  }
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
