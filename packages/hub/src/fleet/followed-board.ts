/** Keeps a hub's board up to date with what other processes check: reads what they stored since it looked last. */
import type { BoardEntry } from "../model/board.ts";
import type { Shown } from "../model/fleet.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";

export interface FollowedBoardParts {
  readonly store: {
    shownSince(
      since: number | null,
    ): Promise<{ readonly now: number; readonly shown: readonly Shown[] }>;
  };
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    shown(id: MonitorId, state: Shown, check: Shown["lastCheck"]): BoardEntry | undefined;
  };
  /** Whether this process looks after a monitor: what it shows of it is newer than what is stored. */
  readonly holds: (monitor: Monitor) => boolean;
  /** Told of every check of another process that is shown; `statusChanged` when its status or flapping is another. */
  readonly onShown: (entry: BoardEntry, statusChanged: boolean) => void;
  readonly onError: (error: unknown) => void;
}

const everyMs = 1_000;

export class FollowedBoard implements AsyncDisposable {
  readonly #parts: FollowedBoardParts;
  readonly #failures = new Map<MonitorId, number>();
  #since: number | null = null;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(parts: FollowedBoardParts) {
    this.#parts = parts;
  }

  /** Looks at once, then every second. Rejects when the first look fails. */
  async start(): Promise<void> {
    await this.#look();
    this.#later();
  }

  /** Looks now, or waits for the look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#parts.onError(error))
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** How often in a row a monitor failed that another process looks after; undefined for one that was not heard of. */
  failuresInRow(id: MonitorId): number | undefined {
    return this.#failures.get(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #later(): void {
    if (this.#isOver) return;
    this.#timer = setTimeout(() => void this.look().then(() => this.#later()), everyMs);
  }

  async #look(): Promise<void> {
    const { store, board, holds, onShown } = this.#parts;
    const { now, shown } = await store.shownSince(this.#since);
    this.#since = now;
    for (const one of shown) {
      const before = board.get(one.monitorId);
      if (before === undefined || holds(before.monitor)) continue;
      const known = before.lastCheck?.checkedAt ?? Number.NEGATIVE_INFINITY;
      if (known >= one.lastCheck.checkedAt) continue;
      const { status, flapping } = before;
      const entry = board.shown(one.monitorId, one, one.lastCheck);
      if (one.failuresInRow > 0) this.#failures.set(one.monitorId, one.failuresInRow);
      else this.#failures.delete(one.monitorId);
      if (entry !== undefined) {
        onShown(entry, entry.status !== status || entry.flapping !== flapping);
      }
    }
  }
}
