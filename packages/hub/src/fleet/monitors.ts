/**
 * What a process of a fleet does with monitors: looks after those whose shares it holds, and keeps up with what others
 * change. The store is the truth; what is in memory is read from it when a share is taken and when a version changed.
 */
import type { BoardEntry } from "../model/board.ts";
import type { Clock } from "../model/clock.ts";
import { shareOf, type ShareName, type Shown, type TakenShare } from "../model/fleet.ts";
import type { MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import { planFirst, planTakeOver, slotAt, startOfSlot, type TakeOver } from "../schedule/slots.ts";
import type { LeaseTimes, ShareKeeping } from "./keeper.ts";
import type { Share } from "./port.ts";

/** A monitor as it is stored, with its judge state; undefined before its first check. */
interface Stored {
  readonly monitor: Monitor;
  readonly state: JudgeState | undefined;
}

/** Ids of monitors that were changed and deleted. */
export interface ChangedMonitors {
  readonly changed: readonly MonitorId[];
  readonly deleted: readonly MonitorId[];
}

export interface FleetMonitorsParts {
  readonly clock: Clock;
  readonly times: LeaseTimes;
  readonly store: {
    monitorVersions(): Promise<ReadonlyMap<MonitorId, number>>;
    monitorsOf(ids: readonly MonitorId[]): Promise<readonly Stored[]>;
    shownOf(ids: readonly MonitorId[]): Promise<readonly Shown[]>;
    endKnown(items: readonly { readonly id: MonitorId; readonly at: number }[]): Promise<void>;
  };
  readonly fleet: {
    holds(share: Share): boolean;
    /** The database's clock less this one, ms. */
    readonly offsetMs: number;
  };
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
    put(monitor: Monitor, state: JudgeState | undefined, at: number): BoardEntry;
    shown(id: MonitorId, state: Shown, check: Shown["lastCheck"]): BoardEntry | undefined;
    remove(id: MonitorId): void;
  };
  readonly judging: {
    add(
      id: MonitorId,
      state: JudgeState | undefined,
      options: { intervalIsOpen: boolean; at: number },
    ): void;
    remove(id: MonitorId): void;
  };
  readonly scheduler: {
    add(monitor: Monitor, delayMs: number, soonerMs?: number): void;
    remove(id: MonitorId): void;
    retire(ids: Iterable<MonitorId>, withinMs: number): Promise<void>;
  };
  /** Those that are waited for. */
  readonly heard: {
    add(monitor: Monitor): void;
    remove(id: MonitorId): void;
  };
  /** Reads what is known of calls and certificates of monitors that were taken. */
  readonly prepare: (ids: readonly MonitorId[]) => Promise<void>;
  readonly isPassive: (monitor: Monitor) => boolean;
  /** Stores what was decided; rejects, or takes its time, while the store is away. */
  readonly flush: () => Promise<void>;
  /** Drops what was decided and is not stored. */
  readonly discard: () => void;
  /** Drops what probes and the pipeline prepared for a monitor. */
  readonly forgetProbes: (id: MonitorId) => void;
  /** Told of monitors that this process looks after from now on. */
  readonly onTaken: (ids: readonly MonitorId[]) => void;
  readonly onChanged: (ids: ChangedMonitors) => void;
  /** Told of slots nobody used because of a take-over. */
  readonly onMissed: (slots: number) => void;
  /** The last sign of life of whoever ran before there were fleets, epoch ms. */
  readonly aliveAt: () => number | undefined;
}

/** A monitor that is taken over. */
interface Taken extends Stored {
  readonly last: Shown | undefined;
  /** See `TakenShare.freeSince`. */
  readonly since: number | null;
}

/** Longer than this, and nobody looked after a share: the fleet was not running, ms. */
const takeOverMs = 300_000;

export class FleetMonitors implements ShareKeeping {
  readonly #parts: FleetMonitorsParts;
  #following: Promise<void> | null = null;
  #followAgain = false;

  constructor(parts: FleetMonitorsParts) {
    this.#parts = parts;
  }

  /** The share a monitor belongs to. */
  shareOf(monitor: Monitor): Share {
    return { kind: this.#parts.isPassive(monitor) ? "hear" : "check", id: monitor.id };
  }

  holds(monitor: Monitor): boolean {
    return this.#parts.fleet.holds(this.shareOf(monitor));
  }

  /** Schedules a monitor if this process looks after it: its slots are those of the clock, and it is also checked now. */
  add(monitor: Monitor): void {
    if (!this.holds(monitor)) return;
    if (this.#parts.isPassive(monitor)) return this.#parts.heard.add(monitor);
    const now = this.#now();
    const delayMs = startOfSlot(monitor, slotAt(monitor, now) + 1) - now;
    this.#parts.scheduler.add(monitor, delayMs, 0);
  }

  async take(shares: readonly TakenShare[]): Promise<void> {
    const { store, flush, prepare, onTaken, onMissed } = this.#parts;
    await this.follow();
    await flush();
    const freeSince = new Map(shares.map((share) => [share.name, share.freeSince]));
    const ids = [...this.#monitorsIn(freeSince)].map(({ id }) => id);
    if (ids.length === 0) return;
    const [rows, shown] = await Promise.all([store.monitorsOf(ids), store.shownOf(ids)]);
    await prepare(ids);
    const lastShown = new Map(shown.map((one) => [one.monitorId, one]));
    const taken = rows.map((row): Taken => ({
      ...row,
      last: lastShown.get(row.monitor.id),
      since: freeSince.get(this.#shareName(row.monitor)) ?? null,
    }));
    const ended = taken.flatMap((one) => {
      const { knownUntil } = this.#plan(one);
      const { id, enabled } = one.monitor;
      return knownUntil === null || !enabled ? [] : [{ id, at: knownUntil }];
    });
    if (ended.length > 0) await store.endKnown(ended);
    const unknown = new Set(ended.map(({ id }) => id));
    let missed = 0;
    for (const one of taken) {
      if (!this.holds(one.monitor)) continue;
      missed += this.#begin(one, !unknown.has(one.monitor.id));
    }
    if (missed > 0) onMissed(missed);
    onTaken(ids);
  }

  async release(names: readonly ShareName[], withinMs: number): Promise<void> {
    const { scheduler, heard, judging, flush } = this.#parts;
    const monitors = [...this.#monitorsIn(new Set(names))];
    await scheduler.retire(
      monitors.map(({ id }) => id),
      withinMs,
    );
    for (const { id } of monitors) heard.remove(id);
    await flush();
    for (const { id } of monitors) judging.remove(id);
  }

  stop(names: readonly ShareName[]): void {
    const { scheduler, heard, judging } = this.#parts;
    for (const { id } of this.#monitorsIn(new Set(names))) {
      scheduler.remove(id);
      heard.remove(id);
      judging.remove(id);
    }
  }

  forget(): void {
    this.#parts.discard();
  }

  /** Takes in what others changed of monitors. Calls that come meanwhile are one more. */
  follow(): Promise<void> {
    if (this.#following !== null) this.#followAgain = true;
    this.#following ??= this.#followAll().finally(() => (this.#following = null));
    return this.#following;
  }

  async #followAll(): Promise<void> {
    do {
      this.#followAgain = false;
      await this.#followOnce();
    } while (this.#followAgain);
  }

  async #followOnce(): Promise<void> {
    const { store, board, onChanged } = this.#parts;
    const known = [...this.#all()].map(({ id }) => id);
    const versions = await store.monitorVersions();
    const deleted = known.filter((id) => !versions.has(id));
    for (const id of deleted) this.#delete(id);
    const newer = [...versions].flatMap(([id, version]) =>
      (board.get(id)?.monitor.version ?? 0) < version ? [id] : [],
    );
    const rows = newer.length === 0 ? [] : await store.monitorsOf(newer);
    const changed = rows.filter((row) => this.#adopt(row)).map(({ monitor }) => monitor.id);
    if (changed.length + deleted.length > 0) onChanged({ changed, deleted });
  }

  /** Takes in a monitor as it was changed elsewhere; false: it is known already. */
  #adopt({ monitor, state }: Stored): boolean {
    const { board, judging, scheduler, heard, forgetProbes } = this.#parts;
    const former = board.get(monitor.id)?.monitor;
    if (former !== undefined && former.version >= monitor.version) return false;
    scheduler.remove(monitor.id);
    heard.remove(monitor.id);
    forgetProbes(monitor.id);
    board.put(monitor, state, this.#parts.clock.now());
    if (!this.holds(monitor)) return true;
    judging.add(monitor.id, state, { intervalIsOpen: true, at: this.#parts.clock.now() });
    if (monitor.enabled) this.add(monitor);
    return true;
  }

  #delete(id: MonitorId): void {
    const { board, judging, scheduler, heard, forgetProbes } = this.#parts;
    scheduler.remove(id);
    heard.remove(id);
    judging.remove(id);
    forgetProbes(id);
    board.remove(id);
  }

  /** What a take-over at this moment comes to. */
  #plan({ monitor, state, last, since }: Taken): TakeOver {
    const { leaseMs, marginMs } = this.#parts.times;
    const now = this.#now();
    const freeMs = now - (since ?? now);
    const nobody = { delayMs: 0, soonerMs: null, missed: 0, knownUntil: null };
    if (last === undefined && state !== undefined) {
      return planFirst(monitor, now, this.#parts.aliveAt() ?? null);
    }
    if (this.#parts.isPassive(monitor)) {
      return { ...nobody, knownUntil: since !== null && freeMs > leaseMs * 1.5 ? since : null };
    }
    // Who gives a share up says so at once; who lapsed may have begun something until shortly before its lease ended.
    // It stopped a margin earlier, by a clock that may be ahead of the database's and begin slots early.
    const goneOnMs = freeMs > leaseMs - marginMs ? leaseMs : 0;
    const plan = planTakeOver(monitor, {
      now,
      lastCheckedAt: last === undefined ? null : last.lastCheck.checkedAt,
      safeFrom: (since ?? now) + goneOnMs,
    });
    // Where several locations check, what each of them missed is in its own history.
    return monitor.placement === undefined ? plan : { ...plan, missed: 0, knownUntil: null };
  }

  /** Begins to look after a monitor; answers how many of its slots fell into the take-over. */
  #begin(taken: Taken, intervalIsOpen: boolean): number {
    const { board, judging, scheduler, heard, clock, isPassive } = this.#parts;
    const { monitor, state, last, since } = taken;
    const at = clock.now();
    if ((board.get(monitor.id)?.monitor.version ?? 0) < monitor.version) {
      board.put(monitor, state, at);
    }
    if (last !== undefined) board.shown(monitor.id, last, last.lastCheck);
    judging.add(monitor.id, state, { intervalIsOpen, at });
    if (!monitor.enabled) return 0;
    if (isPassive(monitor)) {
      heard.add(monitor);
      return 0;
    }
    const { delayMs, soonerMs, missed } = this.#plan(taken);
    scheduler.add(monitor, delayMs, soonerMs ?? undefined);
    return since !== null && this.#now() - since < takeOverMs ? missed : 0;
  }

  /** Epoch ms of the database's clock. */
  #now(): number {
    return this.#parts.clock.now() + this.#parts.fleet.offsetMs;
  }

  *#all(): Iterable<Monitor> {
    for (const { monitor } of this.#parts.board.entries()) yield monitor;
    for (const { monitor } of this.#parts.board.hostEntries()) yield monitor;
  }

  #shareName(monitor: Monitor): ShareName {
    const { kind, id } = this.shareOf(monitor);
    return shareOf(kind, id);
  }

  *#monitorsIn(names: { has(name: ShareName): boolean }): Iterable<Monitor> {
    for (const monitor of this.#all()) if (names.has(this.#shareName(monitor))) yield monitor;
  }
}
