/**
 * Where people's changes to monitors go through: first the store, then everybody who keeps something about the monitor.
 * Changes of one monitor are done one after another.
 */
import type { AuditEntry } from "./model/access.ts";
import type { BoardEntry } from "./model/board.ts";
import type { StatusChange } from "./model/change.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost, type DecidedOfHost, type Host } from "./model/host.ts";
import type { HostId, MonitorId } from "./model/id.ts";
import type { JudgeState } from "./model/judgement.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";

export interface DeskStore {
  createMonitor(monitor: Monitor, status: StatusChange, audit: AuditEntry): Promise<void>;
  provisionHeartbeat(monitor: Monitor, status: StatusChange, audit: AuditEntry): Promise<MonitorId>;
  createHost(
    host: Host,
    monitor: Monitor,
    status: StatusChange,
    audit: AuditEntry,
    namesFrom?: HostId | null,
  ): Promise<void>;
  updateMonitor(
    monitor: Monitor,
    options: {
      readonly status: StatusChange | null;
      readonly resetState: boolean;
      readonly host?: DecidedOfHost;
    },
    audit: AuditEntry,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  deleteMonitor(id: MonitorId, audit: AuditEntry): Promise<boolean>;
}

export interface DeskParts {
  readonly clock: Clock;
  readonly store: DeskStore;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    put(monitor: Monitor, state: JudgeState | undefined, at: number): BoardEntry;
    replace(monitor: Monitor): BoardEntry | undefined;
    remove(id: MonitorId): void;
  };
  readonly judging: {
    add(
      id: MonitorId,
      state: JudgeState | undefined,
      options: { intervalIsOpen: boolean; at: number },
    ): void;
    remove(id: MonitorId): void;
    state(id: MonitorId): JudgeState | undefined;
  };
  readonly schedule: {
    add(monitor: Monitor, delayMs: number): void;
    remove(id: MonitorId): void;
    checkNow(id: MonitorId): Promise<boolean>;
  };
  /** Drops what probes and the pipeline prepared for a monitor. */
  readonly forget: (id: MonitorId) => void;
  /** Waits until what was decided so far is stored and shown. */
  readonly flush: () => Promise<void>;
  readonly check: (monitor: Monitor, signal: AbortSignal) => Promise<Outcome>;
  readonly closeIncident: (id: MonitorId, at: number) => Promise<void>;
  readonly onChanged: (ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }) => void;
}

export class Desk {
  readonly #parts: DeskParts;
  readonly #inOrder = createKeyedQueue();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Stores a new monitor and checks it at once. */
  create(monitor: Monitor, actor: string): Promise<BoardEntry> {
    return this.#inOrder(monitor.id, async () => {
      const status = statusChangeOf(monitor, monitor.createdAt);
      await this.#parts.store.createMonitor(monitor, status, this.#audit("create", monitor, actor));
      return this.#begin(monitor, undefined, true);
    });
  }

  /**
   * Stores a new heartbeat as `create` does, unless there is one whose slug was set to the same, though only another hub may
   * know of it yet. Answers with the id of the one there is then.
   */
  provision(monitor: Monitor, actor: string): Promise<MonitorId> {
    return this.#inOrder(monitor.id, async () => {
      const status = statusChangeOf(monitor, monitor.createdAt);
      const audit = this.#audit("create", monitor, actor);
      const id = await this.#parts.store.provisionHeartbeat(monitor, status, audit);
      if (id === monitor.id) this.#begin(monitor, undefined, true);
      return id;
    });
  }

  /** Stores a new host with the monitor that follows it, and begins to wait for it. `namesFrom`: see `HostStore`. */
  createHost(
    host: Host,
    monitor: Monitor,
    actor: string,
    namesFrom?: HostId | null,
  ): Promise<BoardEntry> {
    return this.#inOrder(monitor.id, async () => {
      const status = statusChangeOf(monitor, monitor.createdAt);
      const audit = this.#audit("create", monitor, actor);
      await this.#parts.store.createHost(host, monitor, status, audit, namesFrom);
      return this.#begin(monitor, undefined, true);
    });
  }

  /** Notes in the audit that something was done to a monitor that leaves it as it is; its version grows. */
  note(
    id: MonitorId,
    action: string,
    actor: string,
  ): Promise<"updated" | "version_mismatch" | "missing"> {
    return this.#inOrder(id, async () => {
      const { clock, store, board } = this.#parts;
      const former = board.get(id)?.monitor;
      if (former === undefined) return "missing";
      const monitor = { ...former, version: former.version + 1, updatedAt: clock.now() };
      const options = { status: null, resetState: false };
      const audit = this.#audit(action, monitor, actor);
      const result = await store.updateMonitor(monitor, options, audit);
      // What is decided about it from now on is about this version.
      if (result === "updated") this.#goOn(monitor);
      return result;
    });
  }

  /**
   * Replaces a monitor; `monitor.version` is one more than the version it replaces. Its judge state is forgotten when
   * `resetState` says so and when it was paused or resumed. A running check of the former settings is dropped. `host` is
   * what people decide of the host it follows, where that changes too.
   */
  update(
    monitor: Monitor,
    resetState: boolean,
    actor: string,
    host?: DecidedOfHost,
  ): Promise<"updated" | "version_mismatch" | "missing"> {
    return this.#inOrder(monitor.id, async () => {
      const { clock, store, board, schedule } = this.#parts;
      const former = board.get(monitor.id)?.monitor;
      if (former === undefined) return "missing";
      const toggled = former.enabled !== monitor.enabled;
      const reset = resetState || toggled;
      const action = toggled ? (monitor.enabled ? "resume" : "pause") : "update";
      schedule.remove(monitor.id);
      await this.#parts.flush();
      const at = clock.now();
      let result: "updated" | "version_mismatch" | "missing" = "missing";
      try {
        result = await store.updateMonitor(
          monitor,
          {
            status: reset ? statusChangeOf(monitor, at) : null,
            resetState: reset,
            ...(host === undefined ? {} : { host }),
          },
          this.#audit(action, monitor, actor),
        );
      } finally {
        if (result !== "updated" && former.enabled) schedule.add(former, 0);
      }
      if (result !== "updated") return result;
      this.#parts.forget(monitor.id);
      if (reset) await this.#parts.closeIncident(monitor.id, at);
      if (reset) this.#begin(monitor, undefined, true);
      else this.#goOn(monitor);
      return result;
    });
  }

  /** Deletes a monitor with its history; false when there is none. Its open incident is resolved. */
  remove(id: MonitorId, actor: string): Promise<boolean> {
    return this.#inOrder(id, async () => {
      const { clock, store, board, judging, schedule } = this.#parts;
      const former = board.get(id)?.monitor;
      if (former === undefined) return false;
      schedule.remove(id);
      judging.remove(id);
      let removed = false;
      try {
        await this.#parts.flush();
        await this.#parts.closeIncident(id, clock.now());
        removed = await store.deleteMonitor(id, this.#audit("delete", former, actor));
      } catch (error) {
        this.#begin(former, undefined, false);
        throw error;
      }
      this.#parts.forget(id);
      board.remove(id);
      this.#parts.onChanged({ changed: [], deleted: [id] });
      return removed;
    });
  }

  /** Checks now and answers with the state after it; undefined for a monitor that is gone or paused. */
  async checkNow(id: MonitorId): Promise<BoardEntry | undefined> {
    if (!(await this.#parts.schedule.checkNow(id))) return undefined;
    await this.#parts.flush();
    return this.#parts.board.get(id);
  }

  /** One check of a monitor that need not exist; nothing is stored. */
  test(monitor: Monitor, signal: AbortSignal): Promise<Outcome> {
    return this.#parts.check(monitor, signal);
  }

  /** Goes on with a changed monitor as it is; of one that another hub looks after, what is shown stays. */
  #goOn(monitor: Monitor): void {
    const { board, judging, schedule } = this.#parts;
    const state = judging.state(monitor.id);
    if (state !== undefined || board.replace(monitor) === undefined) {
      this.#begin(monitor, state, true);
      return;
    }
    if (monitor.enabled) schedule.add(monitor, 0);
    this.#parts.onChanged({ changed: [monitor.id], deleted: [] });
  }

  #begin(monitor: Monitor, state: JudgeState | undefined, intervalIsOpen: boolean): BoardEntry {
    const { clock, board, judging, schedule } = this.#parts;
    const at = clock.now();
    const entry = board.put(monitor, state, at);
    judging.add(monitor.id, state, { intervalIsOpen, at });
    if (monitor.enabled) schedule.add(monitor, 0);
    this.#parts.onChanged({ changed: [monitor.id], deleted: [] });
    return entry;
  }

  #audit(action: string, monitor: Monitor, actor: string): AuditEntry {
    return {
      at: this.#parts.clock.now(),
      actor,
      action,
      resource: followsHost(monitor) ? "host" : "monitor",
      resourceId: monitor.id,
      detail: { name: monitor.name, kind: monitor.kind, version: monitor.version },
    };
  }
}

function statusChangeOf(monitor: Monitor, at: number): StatusChange {
  return {
    monitorId: monitor.id,
    status: monitor.enabled ? "pending" : "paused",
    reason: null,
    at,
  };
}

/** Runs the work of one key one after another, of different keys side by side. */
function createKeyedQueue(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine
      .catch(() => undefined)
      .then(() => {
        if (last.get(key) === settled) last.delete(key);
      });
    last.set(key, settled);
    return mine;
  };
}
