/**
 * The path of monitors that are checked from several locations: what was found, here or by workers elsewhere, is stored
 * first (once for each slot), then judged by whoever looks after the monitor, and only then shown. What is known of each
 * location is in the store alone, so any process can go on where another stopped.
 */
import type { JudgingTable } from "./judge/judging.ts";
import { isWorthWriting, judgeLocations, type LocationVerdict } from "./judge/locations.ts";
import { createRetries } from "./judge/retry.ts";
import type { Board } from "./live/board.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Change, CommitResult } from "./model/change.ts";
import type { Clock } from "./model/clock.ts";
import type { HintTopic, ProcessId, Shown } from "./model/fleet.ts";
import type { MonitorId } from "./model/id.ts";
import type { Transition } from "./model/judgement.ts";
import { lastCheckOf } from "./model/last-check.ts";
import {
  ownNameIn,
  type LocationOutcome,
  type LocationsJudged,
  type LocationWork,
  type TakenOutcomes,
} from "./model/location.ts";
import type { Monitor } from "./model/monitor.ts";
import { createFrameMaker } from "./model/monitor-series.ts";
import type { Outcome } from "./model/outcome.ts";
import type { Frame } from "./model/series.ts";
import { createSlotNames } from "./schedule/slot-names.ts";

export interface LocationPathParts {
  readonly clock: Clock;
  /** The location of this process. */
  readonly location: string;
  readonly store: {
    takeOutcomes(outcomes: readonly LocationOutcome[], now: number): Promise<TakenOutcomes>;
    monitorsWithOutcomes(limit: number): Promise<readonly MonitorId[]>;
    locationWork(ids: readonly MonitorId[], limit: number): Promise<readonly LocationWork[]>;
    commitLocations(
      change: Change,
      judged: readonly LocationsJudged[],
    ): Promise<{ readonly result: CommitResult; readonly written: readonly MonitorId[] }>;
  };
  readonly fleet: {
    readonly process: { readonly id: ProcessId } | undefined;
    holds(share: { readonly kind: "check"; readonly id: MonitorId }): boolean;
    hint(...topics: readonly HintTopic[]): void;
    onHint(topics: readonly HintTopic[], listener: () => Promise<void>): void;
  };
  readonly board: Pick<Board, "get" | "entries" | "checked" | "shown">;
  readonly judging: JudgingTable;
  readonly check: (monitor: Monitor, signal: AbortSignal) => Promise<Outcome>;
  readonly targetOf: (monitor: Monitor) => string;
  /** Told of every check that was shown; `transition` is set with the last one when the status changed. */
  readonly onChecked: (entry: BoardEntry, outcome: Outcome, transition: Transition | null) => void;
  /** Told of a status that changed although nothing was checked: a location is away. */
  readonly onStatus: (entry: BoardEntry, transition: Transition) => void;
  readonly onError: (error: unknown) => void;
  /** Told that outcomes of this process's own checks were dropped: the store is away for too long. */
  readonly onDropped: (count: number) => void;
}

/** How often it looks for outcomes and for locations that are away, ms. */
const lookEveryMs = 1_000;
/** Outcomes judged at once; monitors looked at at once. */
const mostOutcomes = 2_000;
const mostMonitors = 200;
/** Own outcomes that wait for a store that is away. */
const mostWaiting = 20_000;
/** Outcomes stored at once. */
const mostStored = 500;

export class LocationPath implements AsyncDisposable {
  readonly #parts: LocationPathParts;
  readonly #retries = createRetries();
  readonly #slots = createSlotNames();
  readonly #makers = new Map<
    string,
    { version: number; make: ReturnType<typeof createFrameMaker> }
  >();
  /** When a monitor is to be looked at although nothing came in, epoch ms; those that are not in, at once. */
  readonly #lookAt = new Map<MonitorId, number>();
  #own: LocationOutcome[] = [];
  #handingIn: Promise<void> | null = null;
  /** The present try to store own outcomes; resolves to whether it worked. */
  #attempt: Promise<boolean> = Promise.resolve(true);
  #round: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(parts: LocationPathParts) {
    this.#parts = parts;
    parts.fleet.onHint(["outcomes"], () => this.look());
  }

  /** Whether this process's location checks a monitor. */
  isChecked(monitor: Monitor): boolean {
    return (
      monitor.placement === undefined || ownNameIn(monitor, this.#parts.location) !== undefined
    );
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), lookEveryMs);
  }

  /** One check from here; resolves to the ms after which a retry is wanted, or null. Never rejects. */
  async run(monitor: Monitor, signal: AbortSignal): Promise<number | null> {
    const location = ownNameIn(monitor, this.#parts.location);
    if (location === undefined) return null;
    const { clock } = this.#parts;
    const at = clock.now();
    const slot = this.#slots.slotOf(monitor, at);
    const outcome = await this.#parts.check(monitor, signal);
    if (signal.aborted) return null;
    const endedAt = clock.now();
    const { id: monitorId, version } = monitor;
    this.#own.push({ monitorId, version, location, slot, at, endedAt, outcome });
    const dropped = Math.max(0, this.#own.length - mostWaiting);
    if (dropped > 0) {
      this.#own.splice(0, dropped);
      this.#parts.onDropped(dropped);
    }
    this.#handingIn ??= this.#handIn().finally(() => (this.#handingIn = null));
    return this.#retries.after({ monitor, outcome, at, endedAt, location });
  }

  /** Takes in what workers found. Resolves once it is durable. */
  async take(outcomes: readonly LocationOutcome[]): Promise<TakenOutcomes> {
    const taken = await this.#parts.store.takeOutcomes(outcomes, this.#parts.clock.now());
    if (taken.taken > 0) {
      this.#parts.fleet.hint("outcomes");
      void this.look();
    }
    return taken;
  }

  /** Forgets what is prepared for a monitor. */
  forget(id: MonitorId): void {
    this.#retries.forget(id);
    this.#slots.forget(id);
    this.#lookAt.delete(id);
    for (const key of this.#makers.keys()) if (key.startsWith(id)) this.#makers.delete(key);
  }

  /** Judges what waits, and looks for locations that are away. Never rejects. */
  look(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#again = this.#round !== null;
    this.#round ??= this.#rounds().finally(() => (this.#round = null));
    return this.#round;
  }

  /** Resolves when what was found here before is stored and judged, or the store refused it. */
  async flush(): Promise<void> {
    while (this.#handingIn !== null && (await this.#attempt));
    await this.#round;
    await this.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#isOver = true;
    await this.#handingIn;
    await this.#round;
  }

  async #handIn(): Promise<void> {
    while (this.#own.length > 0) {
      this.#attempt = this.#handSome();
      if (await this.#attempt) continue;
      if (this.#isOver) return;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async #handSome(): Promise<boolean> {
    const some = this.#own.slice(0, mostStored);
    try {
      await this.take(some);
      const stored = new Set(some);
      this.#own = this.#own.filter((one) => !stored.has(one));
      return true;
    } catch (error) {
      this.#parts.onError(error);
      return false;
    }
  }

  async #rounds(): Promise<void> {
    try {
      do {
        this.#again = false;
        while (await this.#judgeSome()) if (this.#isOver) return;
      } while (this.#again && !this.#isOver);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** Answers whether there may be more to judge. */
  async #judgeSome(): Promise<boolean> {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const due = this.#due(now);
    if (due === null) return false;
    const waiting = (await store.monitorsWithOutcomes(mostMonitors * 50)).filter((id) =>
      this.#isOurs(id),
    );
    const ids = [...new Set([...waiting, ...due])].slice(0, mostMonitors);
    if (ids.length === 0) return false;
    const work = await store.locationWork(ids, mostOutcomes);
    const verdicts = work.flatMap((one) => this.#judge(one, clock.now()) ?? []);
    const hasJudged = await this.#commit(verdicts);
    for (const verdict of verdicts) {
      this.#lookAt.set(verdict.judged.monitorId, verdict.lookAt ?? Number.POSITIVE_INFINITY);
    }
    return hasJudged;
  }

  /** Monitors to be looked at; null: there are none with several locations. */
  #due(now: number): readonly MonitorId[] | null {
    let hasAny = false;
    const due: MonitorId[] = [];
    for (const { monitor } of this.#parts.board.entries()) {
      if (monitor.placement === undefined) continue;
      hasAny = true;
      if (!this.#isOurs(monitor.id)) this.#lookAt.delete(monitor.id);
      else if (monitor.enabled && (this.#lookAt.get(monitor.id) ?? 0) <= now) due.push(monitor.id);
    }
    return hasAny ? due : null;
  }

  #isOurs(id: MonitorId): boolean {
    const { board, fleet, judging } = this.#parts;
    return (
      board.get(id) !== undefined &&
      judging.row(id) !== undefined &&
      fleet.holds({ kind: "check", id })
    );
  }

  #judge(work: LocationWork, now: number): Verdict | undefined {
    const { board, judging } = this.#parts;
    const row = judging.row(work.monitorId);
    const monitor = board.get(work.monitorId)?.monitor;
    if (row === undefined || monitor === undefined) return undefined;
    const { placement = { locations: [], quorum: null } } = monitor;
    const placed = {
      ...monitor,
      placement,
      enabled: monitor.enabled && monitor.placement !== undefined,
    };
    const standpoint = { state: row.state, isCut: row.reopen && !row.isMaintained, now };
    const verdict = judgeLocations(placed, work, standpoint);
    const [first] = verdict.outcomes;
    const { isCut } = standpoint;
    // Where nothing is to be told anew, the next interval begins with what was found.
    const goesOn = isCut && first !== undefined && verdict.judged.rewrite === null;
    const { id: monitorId } = monitor;
    const again = goesOn
      ? { monitorId, status: verdict.current.status, reason: null, at: first.at }
      : null;
    return {
      ...verdict,
      statusChange: row.isMaintained ? null : (verdict.statusChange ?? again),
      monitor,
      frames: work.outcomes.flatMap((one) => this.#frameOf(monitor, one) ?? []),
      isCut,
    };
  }

  #frameOf(
    monitor: Monitor,
    { location, at, outcome, version }: LocationOutcome,
  ): Frame | undefined {
    if (outcome.result === "unknown" || version > monitor.version) return undefined;
    if (Object.keys(outcome.measurements).length === 0) return undefined;
    const key = `${monitor.id} ${location}`;
    let maker = this.#makers.get(key);
    if (maker?.version !== monitor.version) {
      const make = createFrameMaker(monitor, this.#parts.targetOf(monitor), location);
      maker = { version: monitor.version, make };
      this.#makers.set(key, maker);
    }
    return maker.make(at, outcome.measurements);
  }

  /** Answers whether outcomes were taken off. */
  async #commit(verdicts: readonly Verdict[]): Promise<boolean> {
    const some = verdicts.filter((one) => isWorthWriting(one));
    if (some.length === 0) return false;
    const { fleet, store } = this.#parts;
    const fence = fleet.process?.id;
    const { result, written } = await store.commitLocations(
      {
        judged: some.flatMap(({ judged, state }) =>
          state === null ? [] : [{ monitorId: judged.monitorId, state }],
        ),
        statusChanges: some.flatMap(({ statusChange }) => statusChange ?? []),
        failedChecks: some.flatMap(({ failedChecks }) => failedChecks),
        transitions: some.flatMap(({ transition }) => transition ?? []),
        frames: some.flatMap(({ frames }) => frames),
        ...(fence === undefined
          ? {}
          : { fence, shown: some.flatMap((verdict) => this.#shownOf(verdict) ?? []) }),
      },
      some.map(({ judged }) => judged),
    );
    if (result === "fenced") return false;
    const stored = new Set(written);
    const shown = some.filter(({ judged }) => stored.has(judged.monitorId));
    for (const verdict of shown) this.#show(verdict);
    return shown.some(({ judged }) => judged.done.length > 0);
  }

  #shownOf({ monitor, current, outcomes }: Verdict): Shown | undefined {
    const newest = outcomes.at(-1);
    const lastCheck =
      newest === undefined
        ? this.#parts.board.get(monitor.id)?.lastCheck
        : lastCheckOf(newest.outcome, newest.at, newest.location);
    if (lastCheck == null) return undefined;
    const { status, since, flapping, failuresInRow } = current;
    const { id: monitorId, version } = monitor;
    return { monitorId, version, status, since, flapping, failuresInRow, lastCheck };
  }

  #show({ monitor, current, outcomes, transition, isCut }: Verdict): void {
    const { board, judging, onChecked, onStatus } = this.#parts;
    const former = board.get(monitor.id);
    if (!monitor.enabled || former?.monitor.version !== monitor.version) return;
    // Where the history was cut off it goes on only with something that was found.
    if (!isCut || outcomes.length > 0) judging.settle(monitor.id, current);
    outcomes.forEach(({ outcome, at, location }, i) => {
      const entry = board.checked(monitor.id, current, lastCheckOf(outcome, at, location));
      const isLast = i === outcomes.length - 1;
      if (entry !== undefined) onChecked(entry, outcome, isLast ? transition : null);
    });
    if (outcomes.length > 0 || transition === null || former.lastCheck === null) return;
    const entry = board.shown(monitor.id, current, former.lastCheck);
    if (entry !== undefined) onStatus(entry, transition);
  }
}

interface Verdict extends LocationVerdict {
  readonly monitor: Monitor;
  readonly frames: readonly Frame[];
  readonly isCut: boolean;
}
