/** Told again while it lasts and nobody took it. */
import { eachItem, tell, wakeBy, type Stage } from "../flow.ts";

/** Reminds channels whose route says so. */
export const reminder: Stage = eachItem((item, { now }) => {
  const { incident } = item;
  if (incident.resolvedAt !== null || incident.acknowledgedAt !== null) return item;
  let next = item;
  for (const target of item.targets) {
    const seconds = target.terms.remind_seconds;
    const told = incident.flow.told[target.key];
    if (seconds === null) continue;
    const isTold = item.tells.some((one) => one.target.key === target.key);
    const dueAt = (told === undefined || isTold ? now : told.at) + seconds * 1000;
    if (dueAt <= now) next = wakeBy(tell(next, target, "reminder"), now + seconds * 1000);
    else next = wakeBy(next, dueAt);
  }
  return next;
});
