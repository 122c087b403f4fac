/**
 * Keeps a process in the fleet: renews its lease, takes shares that are free, and gives up what is more than fair.
 *
 * States of the process: outside → member (a renewal was answered) → outside (taken for dead, or it left). As a member it
 * is valid for a little less than its lease after the renewal before was sent, by the monotonic clock: beyond that
 * somebody else may have taken its shares, so it looks after nothing until a renewal says that it still holds them.
 * Where the last renewal found nobody else, nobody is there to take them, and it goes on: a database that is away does
 * not stop the checks of a single hub.
 */
import type { Clock } from "../model/clock.ts";
import {
  kindOfShare,
  shareOf,
  type Duty,
  type FleetProcess,
  type HintTopic,
  type Member,
  type ProcessFigures,
  type Renewal,
  type ShareName,
  type TakenShare,
} from "../model/fleet.ts";
import { createHints, type HintCarrier, type Hints } from "./hints.ts";
import type { Fleet, Share } from "./port.ts";

/** What the keeper asks of the store. */
export interface KeeperStore extends HintCarrier {
  joinFleet(process: FleetProcess): Promise<void>;
  renewLease(renewal: {
    readonly id: FleetProcess["id"];
    readonly leaseMs: number;
    readonly figures: ProcessFigures;
  }): Promise<Renewal>;
  releaseShares(id: FleetProcess["id"], names: readonly ShareName[], idleMs: number): Promise<void>;
  leaveFleet(id: FleetProcess["id"], idleMs: number): Promise<void>;
  members(): Promise<readonly Member[]>;
}

/** Whoever looks after what the shares are about. */
export interface ShareKeeping {
  /** Shares that this process holds from now on. Rejects when it could not begin; it is asked again with the next renewal. */
  take(shares: readonly TakenShare[]): Promise<void>;
  /**
   * Ends the work on shares in order: nothing is begun any more, what runs is waited for, and dropped after `withinMs`;
   * what was decided is stored.
   */
  release(names: readonly ShareName[], withinMs: number): Promise<void>;
  /** Stops at once: nothing of these may be begun any more. */
  stop(names: readonly ShareName[]): void;
  /** This process was taken for dead: what it decided and could not store is somebody else's. */
  forget(): void;
}

export interface KeeperParts {
  readonly clock: Clock;
  readonly store: KeeperStore;
  /** Who this process is; called anew each time it joins. */
  readonly identity: () => FleetProcess;
  readonly figures: () => ProcessFigures;
  readonly onError: (error: unknown) => void;
  /** Told what a person should know. */
  readonly onNote: (note: string) => void;
  /** Shorter in tests. */
  readonly times?: LeaseTimes;
}

/** In ms. */
export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** So much before its lease ends a process stops by itself. */
  readonly marginMs: number;
}

/** A process that is gone is noticed within lease + renewal: 12.5 s. */
export const leaseTimes: LeaseTimes = { leaseMs: 10_000, renewEveryMs: 2_500, marginMs: 1_500 };

/**
 * What runs is waited for so long, ms. A check that takes longer is dropped and its slot counts as missed: all others that
 * are given up with it would wait for it, and lose slots of their own.
 */
const endWithinMs = 1_000;

/** For so long the quickest renewal tells how clocks differ, ms. */
const compareAnewMs = 300_000;

/** Shares given up at a time: a fleet that grows is balanced within some seconds. */
const mostReleased = 24;

export class FleetKeeper implements Fleet {
  readonly #parts: KeeperParts;
  readonly #times: LeaseTimes;
  readonly #hints: Hints;
  #keeping: ShareKeeping | null = null;
  #process: FleetProcess;
  #isMember = false;
  /** What this process looks after; less than what the database says while it begins or ends. */
  readonly #held = new Set<ShareName>();
  /** Since when what is not taken up yet was free. */
  readonly #freeSince = new Map<ShareName, number>();
  /** Not to be taken up although the database says that they are held: their end is under way. */
  readonly #releasing = new Set<ShareName>();
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #last: Renewal | undefined;
  #offsetMs = 0;
  /** How long the renewal took that told the offset, and when it was answered, monotonic ms. */
  #comparedIn = Number.POSITIVE_INFINITY;
  #comparedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #lapseTimer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | null = null;
  #release: Promise<void> | null = null;
  /** Work on shares that were taken begins beside the renewals, one after another. */
  #taking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#times = parts.times ?? leaseTimes;
    this.#process = parts.identity();
    this.#hints = createHints(parts.store);
    this.#hints.on(["shares"], () => this.#soon(0));
  }

  get process(): FleetProcess {
    return this.#process;
  }

  get last(): Renewal | undefined {
    return this.#last;
  }

  /** The database's clock less that of this process, ms. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  holds({ kind, id }: Share): boolean {
    return this.#isValid() && this.#held.has(shareOf(kind, id));
  }

  hasDuty(duty: Duty): boolean {
    return this.#isValid() && this.#held.has(`duty-${duty}`);
  }

  hint(...topics: readonly HintTopic[]): void {
    this.#hints.send(topics);
  }

  onHint(topics: readonly HintTopic[], listener: () => Promise<void> | void): void {
    this.#hints.on(topics, listener);
  }

  members(): Promise<readonly Member[]> {
    return this.#parts.store.members();
  }

  state(): string {
    if (!this.#isMember) return "it is no member of the fleet";
    return this.#isValid() ? "ok" : "its lease could not be renewed in time";
  }

  /** Joins, and holds what it got when the promise is resolved; rejects when the store refuses. */
  async start(keeping: ShareKeeping): Promise<void> {
    this.#keeping = keeping;
    // What others are told of it may be known only by now.
    this.#process = this.#parts.identity();
    await this.#join();
    await this.#renew();
    await this.#taking;
    this.#soon(this.#times.renewEveryMs);
  }

  /** Gives up everything in order, and leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#lapseTimer);
    await this.#renewing;
    await this.#taking;
    if (this.#isMember) {
      const idleSinceMs = this.#parts.clock.monotonicMs();
      await this.#keeping?.release([...this.#held], endWithinMs);
      this.#held.clear();
      this.#isMember = false;
      await this.#parts.store
        .leaveFleet(this.#process.id, this.#parts.clock.monotonicMs() - idleSinceMs)
        .then(() => this.#parts.store.hint(["shares"]))
        .catch((error: unknown) => this.#parts.onError(error));
    }
    this.#hints[Symbol.dispose]();
  }

  #isValid(): boolean {
    return this.#isMember && this.#parts.clock.monotonicMs() < this.#validUntilMs;
  }

  async #join(): Promise<void> {
    await this.#parts.store.joinFleet(this.#process);
    this.#isMember = true;
  }

  /** The next renewal comes after `ms`, or is the one that runs. */
  #soon(ms: number): void {
    if (this.#isOver || this.#keeping === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#renewing ??= this.#beat().finally(() => (this.#renewing = null));
    }, ms);
  }

  async #beat(): Promise<void> {
    try {
      if (!this.#isMember) await this.#join();
      await this.#renew();
    } catch (error) {
      this.#parts.onError(error);
    }
    this.#soon(this.#times.renewEveryMs);
  }

  async #renew(): Promise<void> {
    const { clock, store, figures } = this.#parts;
    const { leaseMs, marginMs } = this.#times;
    const sentMs = clock.monotonicMs();
    const sentAt = clock.now();
    const renewal = await store.renewLease({ id: this.#process.id, leaseMs, figures: figures() });
    if (!renewal.alive) return this.#die();
    const wasValid = this.#isValid();
    // Nobody looked after what is held still since the renewal before.
    const stoppedSince = wasValid ? undefined : this.#last?.now;
    this.#last = renewal;
    this.#compareClocks(renewal.now - (sentAt + clock.now()) / 2, sentMs);
    this.#validUntilMs =
      renewal.others === 0 ? Number.POSITIVE_INFINITY : sentMs + leaseMs - marginMs;
    this.#armLapse();
    if (!wasValid) this.#stop();
    this.#takeUp(renewal, stoppedSince);
    this.#giveUp(renewal);
  }

  /**
   * The renewal that was answered soonest tells the offset best. An old one is no better than a slow one, and one that
   * cannot be true any more was before somebody set a clock.
   */
  #compareClocks(offsetMs: number, sentMs: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const tookMs = nowMs - sentMs;
    const isOld = nowMs - this.#comparedMs > compareAnewMs;
    const isSet = Math.abs(offsetMs - this.#offsetMs) > (tookMs + this.#comparedIn) / 2;
    if (tookMs > this.#comparedIn && !isOld && !isSet) return;
    this.#offsetMs = offsetMs;
    this.#comparedIn = tookMs;
    this.#comparedMs = nowMs;
  }

  #stop(): void {
    if (this.#held.size > 0) this.#keeping?.stop([...this.#held]);
    this.#held.clear();
  }

  /** Looks after everything that the database says is held; what could not be begun is begun with the next renewal. */
  #takeUp({ held, taken }: Renewal, stoppedSince: number | undefined): void {
    if (stoppedSince !== undefined)
      for (const name of held) this.#freeSince.set(name, stoppedSince);
    for (const { name, freeSince } of taken) {
      if (freeSince !== null) this.#freeSince.set(name, freeSince);
    }
    const begun = held
      .filter((name) => !this.#held.has(name) && !this.#releasing.has(name))
      .map((name) => ({ name, freeSince: this.#freeSince.get(name) ?? null }));
    if (begun.length === 0) return;
    // Held from here on: a monitor that is made while others are read must not be left out.
    for (const { name } of begun) this.#held.add(name);
    this.#taking = this.#taking.then(async () => {
      try {
        await this.#keeping?.take(begun.filter(({ name }) => this.#held.has(name)));
      } catch (error) {
        const names = begun.map(({ name }) => name);
        for (const name of names) this.#held.delete(name);
        this.#keeping?.stop(names);
        return this.#parts.onError(error);
      }
      for (const { name } of begun) this.#freeSince.delete(name);
    });
  }

  /** Ends work on what is more than fair, beside the renewals. */
  #giveUp({ excess }: Renewal): void {
    if (this.#release !== null || this.#isOver) return;
    const left = { ...excess };
    const names = [...this.#held].filter((name) => {
      const kind = kindOfShare(name);
      if (left[kind] <= 0) return false;
      left[kind] -= 1;
      return true;
    });
    if (names.length === 0) return;
    this.#release = this.#releaseShares(names.slice(0, mostReleased))
      .catch((error: unknown) => this.#parts.onError(error))
      .finally(() => {
        this.#release = null;
      });
  }

  async #releaseShares(names: readonly ShareName[]): Promise<void> {
    const { id } = this.#process;
    const { clock, store } = this.#parts;
    const idleSinceMs = clock.monotonicMs();
    for (const name of names) {
      this.#held.delete(name);
      this.#releasing.add(name);
    }
    try {
      await this.#keeping?.release(names, endWithinMs);
      await store.releaseShares(id, names, clock.monotonicMs() - idleSinceMs);
      this.#hints.send(["shares"]);
    } finally {
      for (const name of names) this.#releasing.delete(name);
    }
  }

  /** Stops by itself when the lease ends. */
  #armLapse(): void {
    clearTimeout(this.#lapseTimer);
    if (this.#validUntilMs === Number.POSITIVE_INFINITY || this.#isOver) return;
    const leftMs = this.#validUntilMs - this.#parts.clock.monotonicMs();
    this.#lapseTimer = setTimeout(
      () => {
        if (this.#isValid() || !this.#isMember) return;
        this.#parts.onNote(
          "the lease could not be renewed in time: nothing is checked until it is",
        );
        this.#stop();
      },
      Math.max(0, leftMs),
    );
  }

  /** The others took this process for dead: it forgets everything and joins anew, as another one. */
  #die(): void {
    this.#parts.onNote("this process was taken for dead: it joins the fleet anew");
    clearTimeout(this.#lapseTimer);
    this.#isMember = false;
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    this.#last = undefined;
    this.#stop();
    this.#freeSince.clear();
    this.#releasing.clear();
    this.#keeping?.forget();
    this.#process = this.#parts.identity();
  }
}
