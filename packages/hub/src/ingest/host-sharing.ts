/**
 * What hubs on one database share of hosts, because an agent's batches may go to any of them.
 *
 * - Which hosts there are: the store is the truth. It is read when another hub hints, when the monitors of hosts that are
 *   known here are not those of the hosts, and before a host is made.
 * - What was heard: every second a hub notes which hosts it heard and what is shown of them, and reads what others noted.
 *   Whoever waits for a host (`deadlines`) is told. While that cannot be read the time is deaf: nobody is silent because
 *   the database was away.
 */
import type { Clock } from "../model/clock.ts";
import type { Host } from "../model/host.ts";
import type { HostId, MonitorId } from "../model/id.ts";
import { readHostNow, writeHostNow } from "./host-now.ts";
import type { HostRow } from "./host-row.ts";
import { trendStepMs } from "./host-trend.ts";
import type { Hosts } from "./hosts.ts";

interface Heard {
  readonly id: MonitorId;
  readonly at: number;
  /** What is shown of a host, as it was noted. */
  readonly shown: string | null;
}

export interface HostSharingParts {
  readonly clock: Clock;
  /** The process that notes; it may be another one after a while. */
  readonly processId: () => string;
  readonly store: {
    loadHosts(): Promise<readonly Host[]>;
    noteHeard(
      items: readonly { readonly id: MonitorId; readonly at: number; readonly shown?: string }[],
    ): Promise<void>;
    heardSince(since: number | null): Promise<{
      readonly now: number;
      readonly heard: readonly Heard[];
    }>;
  };
  readonly hosts: Pick<Hosts, "entries" | "row" | "follow" | "heardElsewhere" | "refillTrends">;
  readonly deadlines: { heard(id: MonitorId): void; deaf(ms: number): void };
  /** Monitors of hosts, as this hub knows them. */
  readonly monitors: () => Iterable<{ readonly id: MonitorId; readonly version: number }>;
  /** Something could not be written or read; it is tried again every second, and said every ten. */
  readonly onError: (error: unknown) => void;
}

/** What is heard elsewhere is known here within so long; beyond it time is deaf. Each deadline is so much longer, ms. */
export const hearsayMs = 4_000;

const tickMs = 1_000;
/** Reading that succeeded so long ago leaves the time since then deaf. */
const lateMs = 2_500;
/**
 * Granted once others can be heard again, as long as it took, but at most so much: agents that could not send wait ever
 * longer before they try again, up to a minute.
 */
const mostGrantedMs = 60_000;
/** Out of reach for so long, the database is away for this hub, if not for others. */
const cutOffMs = 5_000;
/** Of more hosts than there may be, those that are gone included, nothing is remembered. */
const mostSeen = 40_000;
const saidEveryMs = 10_000;
/** From one reading of all hosts to the next, unless somebody waits for it. */
const followPauseMs = 500;

export class HostSharing implements AsyncDisposable {
  readonly #parts: HostSharingParts;
  readonly #untold = new Set<HostId>();
  /** The instants at which hosts were last heard, as they are stored. */
  readonly #seen = new Map<MonitorId, number>();
  /** Versions of the monitors of hosts just before all hosts were read. */
  #versions: ReadonlyMap<MonitorId, number> = new Map();
  #isBehind = false;
  #following: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #followedMs = Number.NEGATIVE_INFINITY;
  #takenOverMs = Number.NEGATIVE_INFINITY;
  #telling: Promise<void> | null = null;
  #hearing: Promise<void> | null = null;
  #refilling: Promise<void> | null = null;
  #refilledAt: number;
  #since: number | null = null;
  /** Monotonic ms: up to then others were heard. */
  #heardMs: number;
  /** Up to then deaf time was told of. */
  #deafUntilMs: number;
  #lostMs = 0;
  #saidMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  readonly #stop = new AbortController();

  constructor(parts: HostSharingParts) {
    this.#parts = parts;
    this.#heardMs = parts.clock.monotonicMs();
    this.#deafUntilMs = this.#heardMs;
    this.#refilledAt = parts.clock.now();
  }

  /** Begins, once all hosts that are stored were taken in. */
  start(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#heardMs = this.#deafUntilMs = nowMs;
    this.#noteVersions();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#tick();
  }

  /** Whether the database has been out of reach for seconds. */
  get isCutOff(): boolean {
    if (this.#timer === null) return false;
    return this.#parts.clock.monotonicMs() - this.#heardMs > cutOffMs;
  }

  /** This hub heard a host, or something else is shown of it since. */
  heard(id: HostId): void {
    this.#untold.add(id);
  }

  /** Takes over everything that was stored of hosts until now. Rejects when it cannot be read. */
  follow(): Promise<void> {
    if (this.#following === null) return (this.#following = this.#followNow());
    // What runs may have read before: one more comes after it, for everybody who asks meanwhile.
    const again = (): Promise<void> => {
      this.#next = null;
      return (this.#following = this.#followNow());
    };
    this.#next ??= this.#following.then(again, again);
    return this.#next;
  }

  /** Hosts or their monitors were changed by others: looks soon. */
  lookSoon(): void {
    this.#isBehind = true;
    this.#followIfDue();
  }

  /** Notes what is not noted yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.allSettled([this.#telling, this.#hearing, this.#refilling, this.#following]);
    if (this.#timer !== null) await this.#tell();
  }

  #tick(): void {
    this.#noteDeaf();
    this.#telling ??= this.#tell().finally(() => (this.#telling = null));
    this.#hearing ??= this.#hear().finally(() => (this.#hearing = null));
    if (this.#isOther()) this.#isBehind = true;
    this.#followIfDue();
    this.#refill();
  }

  #followIfDue(): void {
    const isDue = this.#parts.clock.monotonicMs() - this.#followedMs >= followPauseMs;
    if (!this.#isBehind || !isDue || this.#following !== null) return;
    this.follow().catch((error: unknown) => this.#failed(error));
  }

  async #followNow(): Promise<void> {
    const { clock, store, hosts } = this.#parts;
    const asOfMs = clock.monotonicMs();
    this.#followedMs = asOfMs;
    // Who is behind from now on looks once more.
    this.#isBehind = false;
    this.#noteVersions();
    try {
      const stored = await store.loadHosts();
      // What was read later may have been taken over before.
      if (asOfMs < this.#takenOverMs) return;
      this.#takenOverMs = asOfMs;
      if (!hosts.follow(stored, asOfMs)) this.#isBehind = true;
    } catch (error) {
      this.#isBehind = true;
      throw error;
    } finally {
      this.#following = null;
    }
  }

  #noteVersions(): void {
    const versions = new Map<MonitorId, number>();
    for (const { id, version } of this.#parts.monitors()) versions.set(id, version);
    this.#versions = versions;
  }

  /** Whether a monitor of a host was made, changed or deleted since all hosts were read. */
  #isOther(): boolean {
    let count = 0;
    for (const { id, version } of this.#parts.monitors()) {
      if (this.#versions.get(id) !== version) return true;
      count += 1;
    }
    return count !== this.#versions.size;
  }

  async #tell(): Promise<void> {
    if (this.#untold.size === 0) return;
    const { store, hosts, processId } = this.#parts;
    const by = processId();
    const rows = [...this.#untold].flatMap((id) => hosts.row(id) ?? []);
    this.#untold.clear();
    const items = rows.map((row) => ({
      id: row.id,
      at: row.lastHeardAt ?? 0,
      shown: writeHostNow(row.told(by, row.host.agentVersion === null)),
    }));
    const froms = rows.map((row) => row.untoldFrom);
    for (const row of rows) row.untoldFrom = null;
    try {
      if (items.length > 0) await store.noteHeard(items);
      // So that it is not read again as news; where the database keeps another instant it is, which costs no more.
      for (const { id, at } of items) this.#seen.set(id, at);
    } catch (error) {
      for (const [n, row] of rows.entries()) this.#tellAgain(row, froms[n] ?? null);
      this.#failed(error);
    }
  }

  #tellAgain(row: HostRow, from: number | null): void {
    this.#untold.add(row.id);
    if (from !== null) row.untoldFrom = Math.min(from, row.untoldFrom ?? from);
  }

  async #hear(): Promise<void> {
    const { clock, store, deadlines, hosts } = this.#parts;
    const askedMs = clock.monotonicMs();
    try {
      const isFirst = this.#since === null;
      const { now, heard } = await store.heardSince(this.#since);
      const news = heard.filter(({ id, at }) => this.#seen.get(id) !== at);
      // What was noted before this hub began says nothing about the present.
      if (!isFirst) for (const { id } of news) deadlines.heard(id);
      const known = news.filter(({ id }) => hosts.row(id) !== undefined);
      this.#show(known);
      if (this.#seen.size > mostSeen) this.#seen.clear();
      for (const { id, at } of known) this.#seen.set(id, at);
      this.#since = now;
      this.#endDeaf(askedMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { clock, onError } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#saidMs < saidEveryMs) return;
    this.#saidMs = nowMs;
    onError(error);
  }

  #show(heard: readonly Heard[]): void {
    const { hosts, processId } = this.#parts;
    const own = processId();
    for (const { id, shown } of heard) {
      const told = shown === null ? undefined : readHostNow(shown);
      if (told !== undefined && told.by !== own) hosts.heardElsewhere(id, told);
    }
  }

  /** Time in which others could not be heard does not count, from the moment they were heard last. */
  #noteDeaf(): void {
    const { clock, deadlines } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#heardMs < lateMs) return;
    const lost = nowMs - Math.max(this.#heardMs, this.#deafUntilMs);
    this.#deafUntilMs = nowMs;
    this.#lostMs += lost;
    deadlines.deaf(lost);
  }

  #endDeaf(askedMs: number): void {
    this.#noteDeaf();
    this.#heardMs = askedMs;
    if (this.#lostMs > 0) this.#parts.deadlines.deaf(Math.min(this.#lostMs, mostGrantedMs));
    this.#lostMs = 0;
  }

  /** A little after each bucket of trends is over. */
  #refill(): void {
    const { clock, hosts } = this.#parts;
    const now = clock.now() - lateMs;
    const isOver = Math.floor(now / trendStepMs) !== Math.floor(this.#refilledAt / trendStepMs);
    if (!isOver || this.#refilling !== null) return;
    this.#refilledAt = now;
    this.#refilling = hosts
      .refillTrends(this.#stop.signal)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#refilling = null));
  }
}
