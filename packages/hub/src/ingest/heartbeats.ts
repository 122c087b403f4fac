/**
 * Takes in calls of heartbeats, and knows which one a token or a slug stands for. A call is answered when it is synced to
 * disk; calls that come while others are being written go together, so a burst costs few writes. While too many wait,
 * further ones are refused with `unavailable`: whoever called may call again.
 */
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import {
  heartbeatSettingsOf,
  isHeartbeat,
  neverCalled,
  slugOf,
  type HeartbeatState,
  type KeptHeartbeat,
  type Ping,
  type TakenPing,
} from "../model/heartbeat.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";

export interface HeartbeatsParts {
  readonly clock: Clock;
  readonly store: {
    takePings(
      pings: readonly { readonly id: MonitorId; readonly ping: Ping }[],
    ): Promise<readonly (TakenPing | null)[]>;
  };
  readonly monitor: (id: MonitorId) => Monitor | undefined;
  /** Told of every call after it was stored, before it is answered. Must not throw. */
  readonly onTaken: (id: MonitorId, ping: Ping, taken: TakenPing) => void;
  /** The store did not take calls. */
  readonly onUnstored: (pings: number) => void;
}

/** Which heartbeat was meant: none, one, or one of several that cannot be told apart. */
export type FoundHeartbeat = "missing" | "ambiguous" | MonitorId;

export interface Heartbeats {
  /** Takes in what the store has. What is known already and is newer stays. */
  load(kept: readonly KeptHeartbeat[]): void;
  /** Monitors were made, changed or deleted. */
  changed(ids: Iterable<MonitorId>): void;
  byToken(token: string): FoundHeartbeat;
  bySlug(slug: string): FoundHeartbeat;
  state(id: MonitorId): HeartbeatState;
  /** Notes what was written elsewhere: up to this time nobody knows whether it was called. */
  excused(id: MonitorId, until: number): void;
  /** Resolves once the call is synced to disk; null: the monitor is gone. */
  take(id: MonitorId, ping: Ping): Promise<TakenPing | null>;
  /** Calls that wait for the store, how long the oldest has, and how many were turned away. */
  readonly queue: { readonly depth: number; readonly ageSeconds: number; readonly dropped: number };
}

/** Calls that may wait for the store: some seconds of a burst, at most 11 kB each. */
export const mostWaitingPings = 5_000;
/** Calls of one transaction. */
const mostAtOnce = 500;

interface Waiting {
  readonly id: MonitorId;
  readonly ping: Ping;
  readonly sinceMs: number;
  readonly done: PromiseWithResolvers<TakenPing | null>;
}

/** Makes the intake; it knows nothing until `load` and `changed` were called. */
export function createHeartbeats(parts: HeartbeatsParts): Heartbeats {
  const tokens = new Names();
  const slugs = new Names();
  const states = new Map<MonitorId, HeartbeatState>();
  const stateOf = (id: MonitorId): HeartbeatState => states.get(id) ?? neverCalled;
  // Several hubs take in calls: what is answered here last need not be the newest.
  const learn = (id: MonitorId, state: HeartbeatState): void =>
    void states.set(id, newer(stateOf(id), state));
  const intake = new Intake(parts, learn);
  return {
    load(kept) {
      for (const { id, state } of kept) learn(id, state);
    },
    changed(ids) {
      for (const id of ids) {
        const monitor = parts.monitor(id);
        if (monitor === undefined) states.delete(id);
        const known = monitor !== undefined && isHeartbeat(monitor) ? monitor : undefined;
        tokens.set(
          id,
          known === undefined ? undefined : tokenKey(heartbeatSettingsOf(known).token),
        );
        slugs.set(id, known === undefined ? undefined : slugOf(known));
      }
    },
    byToken: (token) => tokens.find(tokenKey(token)),
    bySlug: (slug) => slugs.find(slug),
    state: stateOf,
    excused(id, until) {
      const state = stateOf(id);
      states.set(id, { ...state, excusedAt: Math.max(state.excusedAt ?? 0, until) });
    },
    take: (id, ping) => intake.take(id, ping),
    get queue() {
      return intake.queue;
    },
  };
}

/** The state with more calls; neither takes back up to when nobody knows. */
function newer(a: HeartbeatState, b: HeartbeatState): HeartbeatState {
  const latest = a.pings > b.pings ? a : b;
  const excusedAt = Math.max(a.excusedAt ?? 0, b.excusedAt ?? 0);
  return excusedAt === (latest.excusedAt ?? 0) ? latest : { ...latest, excusedAt };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID is the same in either case. */
function tokenKey(token: string): string {
  return uuid.test(token) ? token.toLowerCase() : token;
}

/** Names of monitors; several may have one. */
class Names {
  readonly #ids = new Map<string, Set<MonitorId>>();
  readonly #names = new Map<MonitorId, string>();

  set(id: MonitorId, name: string | undefined): void {
    const former = this.#names.get(id);
    if (former === name) return;
    if (former !== undefined) {
      const others = this.#ids.get(former);
      others?.delete(id);
      if (others?.size === 0) this.#ids.delete(former);
      this.#names.delete(id);
    }
    if (name === undefined) return;
    this.#names.set(id, name);
    const ids = this.#ids.get(name) ?? new Set();
    ids.add(id);
    this.#ids.set(name, ids);
  }

  find(name: string): FoundHeartbeat {
    const [first, second] = this.#ids.get(name) ?? [];
    if (first === undefined) return "missing";
    return second === undefined ? first : "ambiguous";
  }
}

/** Writes calls in groups: those that come while one group is written are the next. */
class Intake {
  readonly #parts: HeartbeatsParts;
  readonly #onState: (id: MonitorId, state: HeartbeatState) => void;
  #waiting: Waiting[] = [];
  #writing = false;
  #dropped = 0;

  constructor(parts: HeartbeatsParts, onState: (id: MonitorId, state: HeartbeatState) => void) {
    this.#parts = parts;
    this.#onState = onState;
  }

  get queue(): Heartbeats["queue"] {
    const [oldest] = this.#waiting;
    const waitedMs = oldest === undefined ? 0 : this.#parts.clock.monotonicMs() - oldest.sinceMs;
    return { depth: this.#waiting.length, ageSeconds: waitedMs / 1000, dropped: this.#dropped };
  }

  take(id: MonitorId, ping: Ping): Promise<TakenPing | null> {
    if (this.#waiting.length >= mostWaitingPings) {
      this.#dropped += 1;
      throw new AppError("unavailable", `${this.#waiting.length} calls wait to be stored`);
    }
    const done = Promise.withResolvers<TakenPing | null>();
    this.#waiting.push({ id, ping, sinceMs: this.#parts.clock.monotonicMs(), done });
    if (!this.#writing) void this.#write();
    return done.promise;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, mostAtOnce);
      try {
        const answers = await this.#parts.store.takePings(
          group.map(({ id, ping }) => ({ id, ping })),
        );
        group.forEach((one, i) => this.#answer(one, answers[i] ?? null));
      } catch (error) {
        this.#parts.onUnstored(group.length);
        for (const { done } of group) done.reject(error);
      }
    }
    this.#writing = false;
  }

  #answer({ id, ping, done }: Waiting, taken: TakenPing | null): void {
    if (taken !== null) {
      this.#onState(id, taken.state);
      this.#parts.onTaken(id, ping, taken);
    }
    done.resolve(taken);
  }
}
