/** The path of maintenance windows: what opens and closes → statuses that are stored, shown and pushed to pages. */
import { createPolicyReader } from "./alert-desk.ts";
import type { CheckDecision } from "./commit-queue.ts";
import type { JudgingTable } from "./judge/judging.ts";
import type { Board } from "./live/board.ts";
import type { Live } from "./live/live.ts";
import type { StatusChange } from "./model/change.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost } from "./model/host.ts";
import type { MonitorId } from "./model/id.ts";
import { MaintenanceWatch } from "./schedule/maintenance-watch.ts";

export interface MaintenancePathParts {
  readonly clock: Clock;
  readonly store: Parameters<typeof createPolicyReader>[0];
  readonly board: Board;
  readonly judging: JudgingTable;
  readonly live: Pick<Live, "statusChanged" | "hostStatusChanged">;
  /** Where changes of status go, behind those that checks decided before. */
  readonly commits: { add(decision: CheckDecision): void };
  readonly onError: (error: unknown) => void;
  /** Whether this process looks after a monitor: it writes what others only show. */
  readonly holds: (id: MonitorId) => boolean;
}

/** Draws the path. Nothing is maintained before `look` or `start`. */
export function createMaintenance(parts: MaintenancePathParts): MaintenanceWatch {
  const { clock, store, board, judging, live, commits, onError } = parts;
  const policy = createPolicyReader(store, clock);
  const write = (change: StatusChange, since: number | null): void =>
    commits.add({
      monitorId: change.monitorId,
      state: null,
      statusChange: change,
      failedCheck: null,
      transition: null,
      frame: null,
      afterCommit: () => show(change.monitorId, since),
    });
  function show(id: MonitorId, since: number | null): void {
    const entry = board.maintain(id, since);
    if (entry === undefined) return;
    if (followsHost(entry.monitor)) live.hostStatusChanged(entry.monitor.id);
    else live.statusChanged(entry);
  }
  return new MaintenanceWatch({
    clock,
    board,
    windows: async () => (await policy()).maintenance,
    onOpened(id, at) {
      if (!parts.holds(id)) return show(id, at);
      judging.maintain(id, true);
      write({ monitorId: id, status: "maintenance", reason: null, at }, at);
    },
    onClosed(id, at) {
      if (!parts.holds(id)) return show(id, null);
      judging.maintain(id, false);
      write(judgedChange(id, at), null);
    },
    onError,
  });

  /** The status that was judged meanwhile. */
  function judgedChange(id: MonitorId, at: number): StatusChange {
    const isPaused = board.get(id)?.monitor.enabled === false;
    const state = judging.state(id);
    const status = isPaused ? "paused" : (state?.status ?? "pending");
    const reason = status === "down" ? (state?.firstFailure?.reason ?? null) : null;
    return { monitorId: id, status, reason, at };
  }
}
