/**
 * Writes what changed of hosts, gathered: that one was heard at most once a minute, details at most every 15 seconds, and
 * everything else within a second. What could not be written is tried again; what is left is written at the stop.
 */
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import type { Host, KeptDetails } from "../model/host.ts";
import type { HostId } from "../model/id.ts";
import type { SourceKey } from "../model/series.ts";

export interface KeeperParts {
  readonly clock: Clock;
  readonly store: {
    saveHosts(hosts: readonly Host[]): Promise<void>;
    touchHosts(heard: readonly { readonly id: HostId; readonly at: number }[]): Promise<void>;
    saveHostDetails(
      items: readonly { readonly id: HostId; readonly kept: KeptDetails }[],
    ): Promise<void>;
    setRetention(sources: ReadonlyMap<SourceKey, number>): Promise<void>;
  };
  /** A host as it is now; undefined for one that is gone. */
  readonly host: (id: HostId) => Host | undefined;
  readonly retentions: () => ReadonlyMap<SourceKey, number>;
  readonly onError: (error: unknown) => void;
  /** What changed of hosts was written. */
  readonly onWritten?: () => void;
  /**
   * What changed of hosts contradicts what another hub wrote, and is dropped: the next batches say it again. Without it,
   * it is tried again like any other failure.
   */
  readonly onContradicted?: () => void;
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
  /** Those whose change is being written. */
  #writing: ReadonlySet<HostId> = new Set();
  /** Monotonic ms at which the latest change was written. */
  readonly #writtenMs = new Map<HostId, number>();
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

  /** A change was written by others than the keeper. */
  written(id: HostId): void {
    this.#writtenMs.set(id, this.#parts.clock.monotonicMs());
  }

  /** Whether a host was changed here after `ms` (monotonic), or is not written yet. */
  isNewer(id: HostId, ms: number): boolean {
    if (this.#changed.has(id) || this.#writing.has(id)) return true;
    return (this.#writtenMs.get(id) ?? Number.NEGATIVE_INFINITY) >= ms;
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
    this.#writtenMs.delete(id);
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
    const changed = this.#present(this.#changed);
    for (const id of this.#changed) this.#heard.delete(id);
    this.#changed.clear();
    const due = [...this.#heard].filter((id) => all || isDue(this.#savedMs, id, now, heardEveryMs));
    const heard = this.#present(due);
    for (const id of due) this.#heard.delete(id);
    await Promise.all([this.#writeChanged(changed, now), this.#writeHeard(heard, now)]);
  }

  async #writeChanged(hosts: readonly Host[], now: number): Promise<void> {
    if (hosts.length === 0) return;
    const { store, onWritten, onContradicted } = this.#parts;
    this.#writing = new Set(hosts.map(({ id }) => id));
    try {
      await store.saveHosts(hosts);
      for (const { id } of this.#present(this.#writing)) {
        this.#savedMs.set(id, now);
        this.written(id);
      }
      onWritten?.();
    } catch (error) {
      if (onContradicted !== undefined && isConflict(error)) onContradicted();
      else {
        for (const { id } of this.#present(this.#writing)) this.#changed.add(id);
        this.#failed(error);
      }
    } finally {
      this.#writing = new Set();
    }
  }

  async #writeHeard(hosts: readonly Host[], now: number): Promise<void> {
    const heard = hosts.flatMap(({ id, lastHeardAt }) =>
      lastHeardAt === null ? [] : { id, at: lastHeardAt },
    );
    if (heard.length === 0) return;
    try {
      await this.#parts.store.touchHosts(heard);
      for (const { id } of this.#present(heard.map(({ id }) => id))) this.#savedMs.set(id, now);
    } catch (error) {
      for (const { id } of heard) this.#heard.add(id);
      this.#failed(error);
    }
  }

  #present(ids: Iterable<HostId>): readonly Host[] {
    return [...ids].flatMap((id) => this.#parts.host(id) ?? []);
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

function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === "conflict";
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
