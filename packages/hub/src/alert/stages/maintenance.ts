/** Expected to be down: nobody is told while a maintenance window is open for everything that is in trouble. */
import { windowAt } from "../../model/maintenance-window.ts";
import { matches } from "../../model/matcher.ts";
import type { MaintenanceWindow } from "../../model/alert-policy.ts";
import { matchedLabels, openTroubles, type Subject, type Trouble } from "../../model/incident.ts";
import { isSame } from "../correlate.ts";
import { eachItem, wakeBy, type Stage } from "../flow.ts";

/** Marks what is under maintenance; it is looked at again when the first of the windows closes. */
export const maintenance: Stage = eachItem((item, { now, policy, world }) => {
  const open = policy.maintenance.flatMap((window) => {
    const span = window.enabled ? windowAt(window.schedule, now) : null;
    return span === null ? [] : [{ window, endsAt: span.endsAt }];
  });
  const troubles = openTroubles(item.incident);
  if (open.length === 0 || troubles.length === 0) return item;
  const covering = coveredBy(
    troubles,
    (one) => open.find(({ window }) => covers(window, one)),
    world.parentsOf,
  );
  const [first] = covering;
  if (first === undefined || covering.some((one) => one === undefined)) return item;
  const ends = covering.flatMap((one) => (one === undefined ? [] : [one.endsAt]));
  const suppressed = { by: "maintenance", why: first.window.name } as const;
  return wakeBy({ ...item, suppressed }, Math.min(...ends));
});

/**
 * What covers each trouble: the trouble itself, or, of the same incident, something critical that it hangs on. Services of
 * a host that is expected to be down are expected to be down.
 */
export function coveredBy<T>(
  troubles: readonly Trouble[],
  find: (trouble: Trouble) => T | undefined,
  parentsOf: (subject: Subject) => readonly Subject[],
): readonly (T | undefined)[] {
  const own = troubles.map((trouble) => ({ trouble, by: find(trouble) }));
  return own.map(({ trouble, by }) => {
    if (by !== undefined) return by;
    const above = parentsOf(trouble.subject);
    return own.find(
      (other) =>
        other.by !== undefined &&
        other.trouble.severity === "critical" &&
        above.some((parent) => isSame(parent, other.trouble.subject)),
    )?.by;
  });
}

/** Whether a window is about a trouble: chosen by name, by its labels, or because nothing is chosen. */
export function covers({ matchers, monitors }: MaintenanceWindow, trouble: Trouble): boolean {
  const { subject } = trouble;
  if (monitors.some((id) => id === subject.id)) return true;
  if (matchers.length === 0) return monitors.length === 0;
  return matches(matchers, matchedLabels(trouble));
}
