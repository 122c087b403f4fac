/** The path of calls: intake → store → judging, and what is noticed when none come. */
import { createHeartbeats, type Heartbeats } from "./ingest/heartbeats.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { isHeartbeat } from "./model/heartbeat.ts";
import { pingOutcome } from "./model/heartbeat-outcome.ts";
import type { MonitorId } from "./model/id.ts";
import type { JudgeState } from "./model/judgement.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import type { Deadlines } from "./schedule/deadlines.ts";
import { HeartbeatWatch } from "./schedule/heartbeat-watch.ts";
import type { Store } from "./store/port.ts";

export interface HeartbeatPathParts {
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  readonly store: Pick<Store, "takePings" | "excuseHeartbeats">;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
  };
  readonly judged: (id: MonitorId) => JudgeState | undefined;
  readonly conclude: (monitor: Monitor, outcome: Outcome, at: number) => void;
}

export interface HeartbeatPath {
  readonly heartbeats: Heartbeats;
  readonly watch: HeartbeatWatch;
}

/** Draws the path. Disposing `watch` ends it. */
export function createHeartbeatPath(parts: HeartbeatPathParts): HeartbeatPath {
  const { clock, log, store, board, judged, conclude } = parts;
  const heartbeats = createHeartbeats({
    clock,
    store,
    monitor: (id) => board.get(id)?.monitor,
    onTaken(id, ping, taken) {
      const monitor = board.get(id)?.monitor;
      if (monitor === undefined || !watch.has(id)) return;
      watch.called(id);
      const outcome = pingOutcome(ping, taken);
      if (outcome !== null) conclude(monitor, outcome, ping.at);
    },
    onUnstored(pings) {
      watch.deaf();
      log.error({ pings }, "calls of heartbeats could not be stored, and were refused");
    },
  });
  const watch: HeartbeatWatch = new HeartbeatWatch({
    clock,
    judged,
    conclude,
    state: (id) => heartbeats.state(id),
    onExcused(id, until) {
      heartbeats.excused(id, until);
      store
        .excuseHeartbeats([{ id, until }])
        .catch((err: unknown) => log.error({ err }, "it could not be noted that nobody listened"));
    },
  });
  return { heartbeats, watch };
}

/** Takes up what heartbeats were told before, and what their tokens stand for. */
export async function takeUpHeartbeats(
  store: Pick<Store, "heartbeats">,
  { heartbeats }: HeartbeatPath,
  board: { entries(): Iterable<BoardEntry> },
): Promise<void> {
  heartbeats.load(await store.heartbeats());
  heartbeats.changed([...board.entries()].map(({ monitor }) => monitor.id));
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
