/**
 * Has monitors and hosts that are expected to be down shown as `maintenance`. Looks every second which windows are open;
 * what opens and closes is handed over as changes of status, which are stored like those that checks decide. So what was
 * maintenance stays it, whatever becomes of the window afterwards, and a window that is written for the past changes
 * nothing.
 *
 * - Checks go on: outcomes are kept and judged, alerting hears of them, and the status that was judged is shown again when
 *   the last window closes. Uptime counts nothing meanwhile.
 * - A window that chooses by `severity` or `rule` is about some troubles of a monitor, not about the monitor: it keeps
 *   people from being told, and changes no status.
 * - What is paused stays `paused`.
 * - A change that is noticed late (somebody wrote it, Belfry was not running) counts from when it was noticed.
 */
import type { MaintenanceWindow } from "../model/alert-policy.ts";
import type { BoardEntry } from "../model/board.ts";
import type { Clock } from "../model/clock.ts";
import type { MonitorId } from "../model/id.ts";
import { isAboutSubjects, windowAt, windowChooses } from "../model/maintenance-window.ts";

export interface MaintenanceWatchParts {
  readonly clock: Clock;
  /** The windows as people wrote them; the same list as long as none changed. */
  readonly windows: () => Promise<readonly MaintenanceWindow[]>;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
  };
  /** Told of monitors whose maintenance begins or ends; `at` is epoch ms. Must not throw. */
  readonly onOpened: (id: MonitorId, at: number) => void;
  readonly onClosed: (id: MonitorId, at: number) => void;
  readonly onError: (error: unknown) => void;
}

/** A window that is open; epoch ms. */
interface Open {
  readonly window: MaintenanceWindow;
  readonly startsAt: number;
  readonly endsAt: number;
}

const everyMs = 1_000;

export class MaintenanceWatch implements Disposable {
  readonly #parts: MaintenanceWatchParts;
  /** Monitors under maintenance, and when the first of their windows ends. */
  readonly #maintained = new Map<MonitorId, number>();
  #windows: readonly MaintenanceWindow[] = [];
  #open: readonly Open[] = [];
  #lookedAt: number;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #isOver = false;

  constructor(parts: MaintenanceWatchParts) {
    this.#parts = parts;
    this.#lookedAt = parts.clock.now();
  }

  /** Looks at once, and then every second until it is disposed. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), everyMs);
  }

  /** Looks which windows are open. While the store does not answer, those count that are known. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** Monitors were made, changed or deleted; whoever did wrote their status as it is without maintenance. */
  changed(ids: Iterable<MonitorId>): void {
    const now = this.#parts.clock.now();
    for (const id of ids) {
      const wasMaintained = this.#maintained.delete(id);
      const entry = this.#parts.board.get(id);
      if (entry === undefined) continue;
      this.#judge(entry, now);
      if (wasMaintained && !this.#maintained.has(id)) this.#parts.onClosed(id, now);
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    const { board, onError, windows } = this.#parts;
    const before = this.#open;
    try {
      const found = await windows();
      if (this.#isOver) return;
      this.#windows = found;
    } catch (error) {
      if (this.#isOver) return;
      onError(error);
    }
    const now = this.#parts.clock.now();
    this.#open = this.#windows.flatMap((window) => {
      const span =
        window.enabled && isAboutSubjects(window) ? windowAt(window.schedule, now) : null;
      return span === null ? [] : [{ window, ...span }];
    });
    if (!isSame(before, this.#open)) {
      for (const entry of board.entries()) this.#judge(entry, now);
      for (const entry of board.hostEntries()) this.#judge(entry, now);
    }
    this.#lookedAt = now;
  }

  #judge({ monitor }: BoardEntry, now: number): void {
    const covering = monitor.enabled
      ? this.#open.filter(({ window }) => windowChooses(window, monitor))
      : [];
    const endsAt = this.#maintained.get(monitor.id);
    if (covering.length > 0) {
      this.#maintained.set(monitor.id, Math.max(...covering.map((one) => one.endsAt)));
      if (endsAt !== undefined) return;
      const startsAt = Math.min(...covering.map((one) => one.startsAt));
      this.#parts.onOpened(monitor.id, this.#noticed(startsAt, now));
    } else if (endsAt !== undefined) {
      this.#maintained.delete(monitor.id);
      this.#parts.onClosed(monitor.id, this.#noticed(endsAt, now));
    }
  }

  /** When something that lies between two looks happened; else it is noticed now. */
  #noticed(at: number, now: number): number {
    return at > this.#lookedAt && at < now ? at : now;
  }
}

function isSame(before: readonly Open[], after: readonly Open[]): boolean {
  return (
    before.length === after.length &&
    before.every((one, i) => one.window === after[i]?.window && one.endsAt === after[i].endsAt)
  );
}
