/** "Do not ring for these", said by somebody for a time: of what matches, or of one incident (snoozed). */
import { matchedLabels, openTroubles } from "../../model/incident.ts";
import { matches } from "../../model/matcher.ts";
import { eachItem, wakeBy, type Stage } from "../flow.ts";
import { coveredBy } from "./maintenance.ts";

/** Marks what is silenced or snoozed; it is looked at again when that ends. */
export const silence: Stage = eachItem((item, { now, policy, world }) => {
  const { snoozedUntil, resolvedAt } = item.incident;
  if (item.suppressed !== null) return item;
  if (snoozedUntil !== null && snoozedUntil > now && resolvedAt === null) {
    const suppressed = { by: "snooze", why: "somebody snoozed it" } as const;
    return wakeBy({ ...item, suppressed }, snoozedUntil);
  }
  const troubles = openTroubles(item.incident);
  if (troubles.length === 0) return item;
  const active = policy.silences.filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt);
  const silencing = coveredBy(
    troubles,
    (one) => active.find(({ matchers }) => matches(matchers, matchedLabels(one))),
    world.parentsOf,
  );
  const [first] = silencing;
  if (first === undefined || silencing.includes(undefined)) return item;
  const ends = silencing.flatMap((one) => (one === undefined ? [] : [one.endsAt]));
  const suppressed = { by: "silence", why: first.comment } as const;
  return wakeBy({ ...item, suppressed }, Math.min(...ends));
});
