/**
 * Writes what changed of hosts, gathered: that one was heard at most once a minute, details at most every 15 seconds, and
 * everything else within a second. What could not be written is tried again; what is left is written at the stop.
 */
import type { Clock } from "../model/clock.ts";
import type { Host, KeptDetails } from "../model/host.ts";
import type { HostId } from "../model/id.ts";
import type { SourceKey } from "../model/series.ts";

export interface KeeperParts {
  readonly clock: Clock;
  readonly store: {
    saveHosts(hosts: readonly Host[]): Promise<void>;
    saveHostDetails(
      items: readonly { readonly id: HostId; readonly kept: KeptDetails }[],
    ): Promise<void>;
    setRetention(sources: ReadonlyMap<SourceKey, number>): Promise<void>;
  };
  /** A host as it is now; undefined for one that is gone. */
  readonly host: (id: HostId) => Host | undefined;
  readonly retentions: () => ReadonlyMap<SourceKey, number>;
  readonly onError: (error: unknown) => void;
}

const tickMs = 1_000;
const heardEveryMs = 60_000;
const detailsEveryMs = 15_000;
/** The pause after a failure. */
const pauseMs = 5_000;

export class HostKeeper implements AsyncDisposable {
  readonly #parts: KeeperParts;
  /** Monotonic ms of the latest write. */
  readonly #savedMs = new Map<HostId, number>();
  readonly #detailsSavedMs = new Map<HostId, number>();
  readonly #heard = new Set<HostId>();
  readonly #changed = new Set<HostId>();
  readonly #details = new Map<HostId, KeptDetails>();
  #retentionChanged = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#save(false), tickMs);
    this.#timer.unref();
  }

  heard(id: HostId): void {
    this.#heard.add(id);
  }

  changed(id: HostId): void {
    this.#changed.add(id);
  }

  retentionChanged(): void {
    this.#retentionChanged = true;
  }

  keepDetails(id: HostId, kept: KeptDetails): void {
    this.#details.set(id, kept);
  }

  /** Details that are not written yet. */
  waitingDetails(id: HostId): KeptDetails | undefined {
    return this.#details.get(id);
  }

  /** Writes details at once; rejects when they cannot be written. */
  async saveDetails(id: HostId, kept: KeptDetails): Promise<void> {
    this.#details.delete(id);
    await this.#parts.store.saveHostDetails([{ id, kept }]);
    this.#detailsSavedMs.set(id, this.#parts.clock.monotonicMs());
  }

  forget(id: HostId): void {
    this.#heard.delete(id);
    this.#changed.delete(id);
    this.#details.delete(id);
    this.#savedMs.delete(id);
    this.#detailsSavedMs.delete(id);
  }

  /** Writes everything that waits. */
  async flush(): Promise<void> {
    await this.#running;
    await this.#save(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #save(all: boolean): Promise<void> {
    this.#running ??= this.#write(all).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #write(all: boolean): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    if (!all && now < this.#notBeforeMs) return;
    await Promise.all([
      this.#writeHosts(now, all),
      this.#writeDetails(now, all),
      this.#writeRetention(),
    ]);
  }

  async #writeHosts(now: number, all: boolean): Promise<void> {
    const due = [...this.#heard].filter((id) => all || isDue(this.#savedMs, id, now, heardEveryMs));
    const ids = new Set([...this.#changed, ...due]);
    if (ids.size === 0) return;
    const hosts = [...ids].flatMap((id) => this.#parts.host(id) ?? []);
    for (const id of ids) {
      this.#changed.delete(id);
      this.#heard.delete(id);
    }
    if (hosts.length === 0) return;
    try {
      await this.#parts.store.saveHosts(hosts);
      for (const { id } of hosts) this.#savedMs.set(id, now);
    } catch (error) {
      for (const { id } of hosts) if (this.#parts.host(id) !== undefined) this.#changed.add(id);
      this.#failed(error);
    }
  }

  async #writeDetails(now: number, all: boolean): Promise<void> {
    const items = [...this.#details]
      .filter(([id]) => all || isDue(this.#detailsSavedMs, id, now, detailsEveryMs))
      .map(([id, kept]) => ({ id, kept }));
    if (items.length === 0) return;
    try {
      await this.#parts.store.saveHostDetails(items);
      for (const { id, kept } of items) {
        this.#detailsSavedMs.set(id, now);
        if (this.#details.get(id) === kept) this.#details.delete(id);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#notBeforeMs = this.#parts.clock.monotonicMs() + pauseMs;
    this.#parts.onError(error);
  }

  async #writeRetention(): Promise<void> {
    if (!this.#retentionChanged) return;
    this.#retentionChanged = false;
    try {
      await this.#parts.store.setRetention(this.#parts.retentions());
    } catch (error) {
      this.#retentionChanged = true;
      this.#failed(error);
    }
  }
}

function isDue(
  savedMs: ReadonlyMap<HostId, number>,
  id: HostId,
  now: number,
  everyMs: number,
): boolean {
  const before = savedMs.get(id);
  return before === undefined || now - before >= everyMs;
}
