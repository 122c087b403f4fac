/** Expected to be down: nobody is told while a maintenance window is open for everything that is in trouble. */
import { windowAt } from "../../model/maintenance-window.ts";
import { matches } from "../../model/matcher.ts";
import type { MaintenanceWindow } from "../../model/alert-policy.ts";
import { matchedLabels, openTroubles, type Trouble } from "../../model/incident.ts";
import { eachItem, wakeBy, type Stage } from "../flow.ts";

/** Marks what is under maintenance; it is looked at again when the first of the windows closes. */
export const maintenance: Stage = eachItem((item, { now, policy }) => {
  const open = policy.maintenance.flatMap((window) => {
    const span = window.enabled ? windowAt(window.schedule, now) : null;
    return span === null ? [] : [{ window, endsAt: span.endsAt }];
  });
  const troubles = openTroubles(item.incident);
  if (open.length === 0 || troubles.length === 0) return item;
  const covering = troubles.map((one) => open.find(({ window }) => covers(window, one)));
  const [first] = covering;
  if (first === undefined || covering.some((one) => one === undefined)) return item;
  const ends = covering.flatMap((one) => (one === undefined ? [] : [one.endsAt]));
  const suppressed = { by: "maintenance", why: first.window.name } as const;
  return wakeBy({ ...item, suppressed }, Math.min(...ends));
});

/** Whether a window is about a trouble: chosen by name, by its labels, or because nothing is chosen. */
export function covers({ matchers, monitors }: MaintenanceWindow, trouble: Trouble): boolean {
  const { subject } = trouble;
  if (monitors.some((id) => id === subject.id)) return true;
  if (matchers.length === 0) return monitors.length === 0;
  return matches(matchers, matchedLabels(trouble));
}
