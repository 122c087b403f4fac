/** What hangs on something that is in trouble itself is not told: whoever mends that mends this. */
import { openTroubles, type Incident } from "../../model/incident.ts";
import { isToldApart } from "../../model/stack-alert.ts";
import { isSame } from "../correlate.ts";
import { eachItem, wakeBy, type Flow, type FlowItem, type Stage } from "../flow.ts";

/** Looked at again after so long, ms, and whenever an incident is over. */
const againMs = 15_000;

/** Marks incidents of which every trouble hangs on a subject of another incident that is critical. */
export const inhibition: Stage = eachItem((item, flow) => {
  if (item.suppressed !== null || isToldApart(item.incident)) return item;
  const troubles = openTroubles(item.incident);
  if (troubles.length === 0) return item;
  const causes = troubles.map(({ subject, severity }) => {
    const above = flow.world.parentsOf(subject);
    if (above.length === 0 && severity === "critical") return undefined;
    return flow.open.find((other) => {
      if (other.id === item.incident.id || other.resolvedAt !== null) return false;
      if (above.some((parent) => isCritical(other, parent))) return isAbove(other, item, flow);
      return severity !== "critical" && isCritical(other, subject);
    });
  });
  const [first] = causes;
  if (first === undefined || causes.includes(undefined)) return item;
  return inhibited(item, first, flow);
});

/** Of two that hang on one another, the older one is told. */
function isAbove(other: Incident, { incident }: FlowItem, { world }: Flow): boolean {
  const isMutual = openTroubles(other).some(({ subject }) =>
    world.parentsOf(subject).some((parent) => isCritical(incident, parent)),
  );
  if (!isMutual) return true;
  const [a, b] = [other, incident];
  return a.openedAt < b.openedAt || (a.openedAt === b.openedAt && a.id < b.id);
}

function isCritical(incident: Incident, subject: { kind: string; id: string }): boolean {
  return openTroubles(incident).some(
    (one) => one.severity === "critical" && isSame(one.subject, subject),
  );
}

function inhibited(item: FlowItem, cause: Incident, { now }: Flow): FlowItem {
  const suppressed = { by: "inhibition", why: cause.title } as const;
  return wakeBy({ ...item, suppressed }, now + againMs);
}
