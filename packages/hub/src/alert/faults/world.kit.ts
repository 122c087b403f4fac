/**
 * A run of a scenario: targets that go down and up as it is written, checked by hub processes one after another on one
 * database, in virtual time. When a process dies, the next one starts at once.
 */
import type { ChannelSettings } from "../../model/alert-policy.ts";
import { createId, type MonitorId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import type { Outcome } from "../../model/outcome.ts";
import { auditOf, monitorOf, statusOf } from "../../store/contract/fixtures.ts";
import type { Store } from "../../store/port.ts";
import { startHubProcess, type HubProcess } from "./hub-process.kit.ts";
import { Provider } from "./provider.kit.ts";
import type { Scenario, Target } from "./scenario.kit.ts";
import { noFault, Victim, type StoreFault, type VictimPlan } from "./victim.kit.ts";
import { VirtualTime } from "./virtual-time.kit.ts";
import { watchWrites, type Written } from "./written.kit.ts";

/** What happened in a run. */
export interface Played {
  readonly scenario: Scenario;
  readonly provider: Provider;
  readonly monitors: ReadonlyMap<Target, Monitor>;
  readonly channels: ReadonlyMap<string, ChannelSettings>;
  /** Every transition and notice that was written, in order. */
  readonly written: Written;
  /** Points of the process that the plan was for. */
  readonly points: readonly string[];
  /** Whether what the plan says happened. */
  readonly isHit: boolean;
  readonly crashes: number;
  readonly errors: readonly unknown[];
  /** Epoch ms of the beginning. */
  readonly beganAt: number;
}

/** At which point of the first process something happens, and what. */
export type Plan = Pick<VictimPlan, "point" | "how">;

const checkEveryMs = 10_000;
/** What was decided must have come to its end so long after the scenario, ms. */
const settleMs = 1_800_000;

export class World implements AsyncDisposable {
  readonly #store: Store;
  readonly #scenario: Scenario;
  readonly #plan: Plan;
  readonly #time: VirtualTime;
  readonly #provider: Provider;
  readonly #fault: StoreFault;
  readonly #written: Written;
  readonly #watched: Store;
  readonly #monitors = new Map<Target, Monitor>();
  readonly #channels = new Map<string, ChannelSettings>();
  readonly #routes: string[] = [];
  readonly #errors: unknown[] = [];
  readonly #first: Victim;
  #victim: Victim;
  #process: HubProcess | null = null;
  #crashes = 0;
  #checkMs = checkEveryMs;

  /** Begins at `epoch` (epoch ms). */
  constructor(store: Store, scenario: Scenario, plan: Plan, epoch: number) {
    this.#store = store;
    this.#scenario = scenario;
    this.#plan = plan;
    this.#time = new VirtualTime(epoch);
    const seconds = (): number => this.#time.monotonicMs() / 1000;
    this.#provider = new Provider(() => this.#time.now());
    this.#provider.mood = (channel) => scenario.mood?.(channel, seconds()) ?? "well";
    this.#fault = scenario.fault?.({ engine: store.engine, seconds, pause: sleep }) ?? noFault;
    const { written, watched } = watchWrites(store);
    this.#written = written;
    this.#watched = watched;
    this.#first = new Victim({ ...plan, fault: this.#fault });
    this.#victim = this.#first;
  }

  /** Plays the scenario to its end, and until nothing waits any more. */
  async play(): Promise<Played> {
    await this.#prepare();
    this.#start();
    for (const { at, act } of this.#scenario.acts ?? []) {
      await this.#runUntil(at * 1000);
      await act({
        leap: (seconds) => this.#leap(seconds * 1000),
        change: (channel, over) => this.#change(channel, over),
      });
    }
    await this.#runUntil(this.#time.monotonicMs() + this.#scenario.seconds * 1000);
    await this.#settle();
    return {
      scenario: this.#scenario,
      provider: this.#provider,
      monitors: this.#monitors,
      channels: this.#channels,
      written: this.#written,
      points: this.#first.points,
      isHit: this.#first.isHit,
      crashes: this.#crashes,
      errors: this.#errors,
      beganAt: this.#time.now() - Math.floor(this.#time.monotonicMs()),
    };
  }

  /** Ends the process, and takes away what later runs would tell of. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#victim.isDead = true;
    await this.#victim.quiet();
    this.#time[Symbol.dispose]();
    const audit = auditOf();
    for (const id of this.#routes) {
      await this.#store.deleteAlertSetting("alert_route", id, 1, audit);
    }
    for (const { id, version } of this.#channels.values()) {
      await this.#store.deleteAlertSetting("channel", id, version, audit);
    }
    for (const { id } of this.#monitors.values()) await this.#store.deleteMonitor(id, audit);
  }

  async #prepare(): Promise<void> {
    const now = this.#time.now();
    const audit = auditOf();
    const kept = { version: 1, createdAt: now, updatedAt: now };
    for (const target of this.#scenario.targets) {
      const { name, labels = {} } = target;
      const monitor = monitorOf({ id: createId(now), name, labels, createdAt: now });
      await this.#store.createMonitor(monitor, statusOf(monitor.id, "pending", now), audit);
      this.#monitors.set(target, monitor);
    }
    for (const { name, ...flags } of this.#scenario.channels) {
      const channel: ChannelSettings = {
        ...kept,
        id: createId(now),
        name,
        kind: "scripted",
        enabled: true,
        isDefault: flags.isDefault ?? false,
        isFallback: flags.isFallback ?? false,
        settings: { name, wrong: flags.isWrong ?? false },
      };
      await this.#store.createAlertSetting("channel", channel, audit);
      this.#channels.set(name, channel);
    }
    const idOf = (name: string): ChannelSettings["id"] => this.#channelNamed(name).id;
    for (const route of this.#scenario.routes ?? []) {
      const id = createId<"alert_route">(now);
      await this.#store.createAlertSetting(
        "alert_route",
        { ...kept, id, route: route(idOf) },
        audit,
      );
      this.#routes.push(id);
    }
  }

  #channelNamed(name: string): ChannelSettings {
    const channel = this.#channels.get(name);
    if (channel === undefined) throw new Error(`no channel ${name}`);
    return channel;
  }

  #start(): void {
    this.#process = null;
    startHubProcess({
      time: this.#time,
      victim: this.#victim,
      provider: this.#provider,
      store: this.#watched,
      checkNow: (id) => this.#check(id),
      onError: (error) => this.#errors.push(error),
    }).then(
      (started) => {
        this.#process = started;
      },
      (error: unknown) => {
        // As a supervisor does it: a hub that cannot start is started again.
        this.#errors.push(error);
        this.#victim.isDead = true;
        this.#crashes -= 1;
      },
    );
  }

  /** Lets everything happen that needs no time; a process that died is followed by the next one. */
  async #calm(): Promise<void> {
    for (;;) {
      await this.#victim.quiet();
      if (!this.#victim.isDead) return;
      this.#crashes += 1;
      this.#time.clear();
      this.#victim = new Victim({ ...this.#plan, point: null, fault: this.#fault });
      this.#start();
    }
  }

  async #runUntil(ms: number): Promise<void> {
    for (;;) {
      await this.#calm();
      const next = Math.min(this.#time.nextMs, this.#checkMs);
      if (next > ms) break;
      this.#time.moveTo(next);
      if (next < this.#checkMs) continue;
      this.#checkMs += checkEveryMs;
      for (const { id } of this.#monitors.values()) this.#check(id);
    }
    this.#time.moveTo(ms);
    await this.#calm();
  }

  /** Time passes as on a machine that sleeps: whatever was due meanwhile is due once, afterwards. */
  async #leap(ms: number): Promise<void> {
    await this.#calm();
    const to = this.#time.monotonicMs() + ms;
    this.#time.moveTo(to);
    this.#checkMs = to + 1;
    await this.#calm();
  }

  #check(id: MonitorId): void {
    for (const [{ down }, monitor] of this.#monitors) {
      if (monitor.id !== id) continue;
      const seconds = this.#time.monotonicMs() / 1000;
      const isDown = down.some(([from, to]) => from <= seconds && seconds < to);
      this.#process?.conclude(monitor, isDown ? downOutcome : upOutcome);
    }
  }

  async #change(name: string, over: Partial<ChannelSettings>): Promise<void> {
    const former = this.#channelNamed(name);
    const changed = { ...former, ...over, version: former.version + 1 };
    this.#channels.set(name, changed);
    await this.#store.updateAlertSetting("channel", changed, auditOf());
    this.#process?.alerts.delivery.wake();
  }

  async #settle(): Promise<void> {
    const latest = this.#time.monotonicMs() + settleMs;
    while (!(await this.#isSettled())) {
      if (this.#time.monotonicMs() > latest) throw new Error("something waits for ever");
      await this.#runUntil(this.#time.monotonicMs() + checkEveryMs);
    }
  }

  async #isSettled(): Promise<boolean> {
    const waiting = await Promise.all([
      this.#store.notices({ state: "waiting", limit: 1 }),
      this.#store.pendingTransitions(1),
      this.#store.pendingSignals(1),
      this.#store.incidents({ open: true, limit: 1 }),
      this.#store.noticeGroups(),
    ]);
    return waiting.every((list) => list.length === 0);
  }
}

/** Waits in virtual time: the timers are the test's while a world is there. */
function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}

const upOutcome: Outcome = {
  result: "up",
  durationMs: 1,
  measurements: {},
  statusCode: 200,
  certificateDays: null,
};

const downOutcome: Outcome = {
  result: "down",
  reason: "refused",
  message: "refused the connection",
  durationMs: 1,
  measurements: {},
  statusCode: null,
  evidence: {},
};
