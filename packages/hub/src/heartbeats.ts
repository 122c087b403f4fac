/**
 * The path of calls: intake → store → judging, and what is noticed when none come. In a fleet any hub takes calls in, and
 * the one that holds the monitor's share judges them, see `schedule/call-tail.ts`.
 */
import type { Fleet } from "./fleet/port.ts";
import { createHeartbeats, type Heartbeats } from "./ingest/heartbeats.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { isHeartbeat } from "./model/heartbeat.ts";
import { pingOutcome } from "./model/heartbeat-outcome.ts";
import type { MonitorId } from "./model/id.ts";
import type { JudgeState } from "./model/judgement.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import { CallTail, type Called } from "./schedule/call-tail.ts";
import type { Deadlines } from "./schedule/deadlines.ts";
import { HeartbeatWatch } from "./schedule/heartbeat-watch.ts";
import type { Store } from "./store/port.ts";

export interface HeartbeatPathParts {
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  readonly store: Pick<
    Store,
    "takePings" | "excuseHeartbeats" | "heartbeats" | "noteListening" | "calledSince" | "callsOf"
  >;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
  };
  readonly fleet: Pick<Fleet, "process" | "holds" | "hint" | "onHint">;
  readonly judged: (id: MonitorId) => JudgeState | undefined;
  /** Whether the next outcome of a monitor begins a status interval. */
  readonly reopens: (id: MonitorId) => boolean;
  /** `call` as in `Pipeline.conclude`. */
  readonly conclude: (monitor: Monitor, outcome: Outcome, at: number, call?: number) => void;
}

export interface HeartbeatPath extends Disposable {
  readonly heartbeats: Heartbeats;
  readonly watch: HeartbeatWatch;
  /** Takes up what heartbeats were told before, and what their tokens stand for. */
  takeUp(): Promise<void>;
  /**
   * Reads anew how these stand, and how far whoever looked after them came. To be called when their share was taken, before
   * they are watched; rejects while the store is away.
   */
  takeUpHeartbeatsOf(ids: readonly MonitorId[]): Promise<void>;
  /** Begins to watch, and to follow other hubs. `aliveAt` as in `HeartbeatWatch.start`. */
  start(aliveAt: number | undefined): void;
}

/** Draws the path. Disposing ends it. */
export function createHeartbeatPath(parts: HeartbeatPathParts): HeartbeatPath {
  const { clock, log, store, board, fleet } = parts;
  const heartbeats = createHeartbeats({
    clock,
    store,
    monitor: (id) => board.get(id)?.monitor,
    onTaken: (id, ping, { n, durationMs }) => taken(id, { ...ping, n, durationMs }),
    onUnstored(pings) {
      watch.deaf();
      log.error({ pings }, "calls of heartbeats could not be stored, and were refused");
    },
  });
  const tail = fleet.process === undefined ? null : createTail(parts, heartbeats, () => watch);
  const watch: HeartbeatWatch = new HeartbeatWatch({
    clock,
    judged: parts.judged,
    conclude(monitor, outcome, at) {
      parts.conclude(monitor, outcome, at, tail?.judgedAt(monitor.id, at));
    },
    state: (id) => heartbeats.state(id),
    onExcused(id, until) {
      heartbeats.excused(id, until);
      store
        .excuseHeartbeats([{ id, until }])
        .catch((err: unknown) => log.error({ err }, "it could not be noted that nobody listened"));
    },
    ...(tail === null
      ? {}
      : {
          shared: {
            added: (monitor) => tail.added(monitor),
            fresh: (ids) => tail.fresh(ids),
            reopens: parts.reopens,
          },
        }),
  });
  function taken(id: MonitorId, call: Called): void {
    if (tail !== null) {
      tail.taken(id, call);
      fleet.hint("calls");
      return;
    }
    const monitor = board.get(id)?.monitor;
    if (monitor === undefined || !watch.has(id)) return;
    watch.called(id);
    const outcome = pingOutcome(call, call);
    if (outcome !== null) parts.conclude(monitor, outcome, call.at);
  }
  if (tail !== null) fleet.onHint(["calls"], () => tail.look());
  return {
    heartbeats,
    watch,
    async takeUp() {
      if (tail === null) heartbeats.load(await store.heartbeats());
      else await tail.load();
      heartbeats.changed([...board.entries()].map(({ monitor }) => monitor.id));
    },
    async takeUpHeartbeatsOf(ids) {
      const isOne = (id: MonitorId): boolean => {
        const monitor = board.get(id)?.monitor;
        return monitor !== undefined && isHeartbeat(monitor);
      };
      await tail?.takeUp(ids.filter(isOne));
    },
    start(aliveAt) {
      watch.start(aliveAt);
      tail?.start();
    },
    [Symbol.dispose]() {
      tail?.[Symbol.dispose]();
      watch[Symbol.dispose]();
    },
  };
}

function createTail(
  { clock, log, store, board, fleet, judged, conclude }: HeartbeatPathParts,
  heartbeats: Heartbeats,
  watch: () => HeartbeatWatch,
): CallTail {
  return new CallTail({
    clock,
    store,
    watched(id) {
      const isHere = watch().has(id) && fleet.holds({ kind: "hear", id });
      return isHere ? board.get(id)?.monitor : undefined;
    },
    isJudged(id) {
      const state = judged(id);
      return state !== undefined && state.lastKnown !== "pending";
    },
    isListening: () => !watch().isDeaf,
    onState: (id, state) => heartbeats.load([{ id, state }]),
    judge(monitor, call, at) {
      const outcome = pingOutcome(call, call);
      if (outcome !== null) conclude(monitor, outcome, at, call.n);
      return outcome !== null;
    },
    onCaughtUp: (id, known) => watch().caughtUp(id, known),
    onDeaf: (ms) => watch().deaf(ms),
    onError: (err) =>
      log.error({ err }, "calls that other hubs took in could not be read; trying again"),
  });
}

type Followed = Pick<Deadlines, "add" | "remove" | "has" | "checkNow">;

/** Everything that is not checked but heard: heartbeats by their schedules, the others by their silence. */
export function eachByKind(deadlines: Followed, watch: HeartbeatWatch): Followed {
  const of = (id: MonitorId): Followed => (watch.has(id) ? watch : deadlines);
  return {
    add(monitor) {
      if (isHeartbeat(monitor)) watch.add(monitor);
      else deadlines.add(monitor);
    },
    remove(id) {
      watch.remove(id);
      deadlines.remove(id);
    },
    has: (id) => watch.has(id) || deadlines.has(id),
    checkNow: (id) => of(id).checkNow(id),
  };
}
