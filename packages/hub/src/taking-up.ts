/** What a process knows of monitors when it begins. */
import type { JudgingTable } from "./judge/judging.ts";
import type { Board } from "./live/board.ts";
import type { Clock } from "./model/clock.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Store } from "./store/port.ts";

/**
 * Takes up where the former process stopped. In a fleet others may be at work: what nobody looked after is found out when
 * a share is taken. Answers with its last sign of life, epoch ms; undefined: there was none, the
 * database is new.
 */
export async function takeUp(
  store: Pick<Store, "closeGap" | "loadMonitors" | "readAlive">,
  { board, judging }: { readonly board: Board; readonly judging: JudgingTable },
  { clock, isFleet }: { readonly clock: Clock; readonly isFleet: boolean },
): Promise<number | undefined> {
  const now = clock.now();
  const aliveAt = await store.readAlive();
  if (aliveAt !== undefined && !isFleet) await store.closeGap(aliveAt);
  for (const { monitor, state } of await store.loadMonitors()) {
    board.put(monitor, state, now);
    if (isFleet) continue;
    judging.add(monitor.id, state, { intervalIsOpen: state === undefined, at: now });
  }
  return aliveAt;
}

/** Those that are not paused, hosts included. */
export function* enabledMonitors(board: Board): Iterable<Monitor> {
  for (const { monitor } of board.entries()) if (monitor.enabled) yield monitor;
  for (const { monitor } of board.hostEntries()) if (monitor.enabled) yield monitor;
}
