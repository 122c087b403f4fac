/**
 * Whether a fleet kept its promises while its processes were hurt:
 *
 * - every slot is checked at most once, and its outcome stored at most once,
 * - slots are missed only while monitors are taken over, and are counted,
 * - each outage opens one incident and closes it, at times that fit, and nothing else is held for down,
 * - each incident is told once that it began and once that it is over, in this order; a fault may repeat one notice.
 *
 * Pure: evidence in, problems out.
 */
import type {
  Asked,
  Evidence,
  Fault,
  Limits,
  Outage,
  Trouble,
  Verdict,
  Watched,
} from "./evidence.ts";
import { slotAt, slotTime, useSlots, type Usage } from "./slots.ts";

/** Problems of one kind that are told one by one; the rest are a number. */
const mostTold = 10;

/** Judges everything. */
export function judge(evidence: Evidence, limits: Limits): Verdict {
  const verdicts = [
    judgeSlots(evidence, limits),
    judgeStored(evidence, limits),
    judgeTroubles(evidence, limits),
    judgeNotices(evidence, limits),
    judgeDowns(evidence, limits),
  ];
  return {
    problems: verdicts.flatMap(({ problems }) => problems),
    figures: Object.assign({}, ...verdicts.map(({ figures }) => figures)),
  };
}

/** Spans in which slots may be missed. */
export function takeOverWindows(
  faults: readonly Fault[],
  { takeOverMs, lateMs }: Limits,
): readonly { readonly from: number; readonly to: number }[] {
  return faults.map(({ kind, from, to }) => ({
    // A check that was due just before may not have arrived.
    from: from - lateMs,
    to: (kind === "restart" ? to : from) + takeOverMs,
  }));
}

/** Slots: at most once, missed only in take-over windows, counted. */
export function judgeSlots(evidence: Evidence, limits: Limits): Verdict {
  const { from, to, watched, faults, counted } = evidence;
  const windows = takeOverWindows(faults, limits);
  const byMonitor = groupBy(evidence.asked, ({ monitor }) => monitor);
  const twice: string[] = [];
  const outside: string[] = [];
  const counts = { slots: 0, missed: 0, retries: 0, wokenUp: 0 };
  for (const one of watched) {
    const asked = (byMonitor.get(one.id) ?? []).toSorted((a, b) => a.at - b.at);
    const usage = useSlots(one, asked, faults, limits);
    counts.retries += usage.retries;
    counts.wokenUp += usage.wokenUp;
    twice.push(...tellTwice(one, usage, { from, to }));
    for (let slot = slotAt(one, from) + 1; slotTime(one, slot) + limits.lateMs < to; slot += 1) {
      counts.slots += 1;
      if (usage.used.has(slot)) continue;
      counts.missed += 1;
      const at = slotTime(one, slot);
      if (windows.some((window) => window.from <= at && at <= window.to)) continue;
      outside.push(`${one.id}: the slot at ${time(at)} was missed, ${sinceFault(faults, at)}`);
    }
  }
  const problems = [...few("checked twice", twice), ...few("missed", outside)];
  const sum = counted.takeOvers + counted.skipped;
  if (sum < counts.missed) problems.push(`${counts.missed} slots were missed, ${sum} counted`);
  return {
    problems,
    figures: {
      ...counts,
      checkedTwice: twice.length,
      missedOutside: outside.length,
      countedOfTakeOvers: counted.takeOvers,
      countedSkipped: counted.skipped,
    },
  };
}

function tellTwice(
  watched: Watched,
  { seconds }: Usage<Asked>,
  { from, to }: { readonly from: number; readonly to: number },
): readonly string[] {
  return seconds
    .filter(({ again }) => again.at >= from && again.at <= to)
    .map(({ slot, first, again }) => {
      const who = (one: Asked): string => `${one.process} at ${time(one.at)}`;
      return `${watched.id}: the slot at ${time(slotTime(watched, slot))} by ${who(first)} and ${who(again)}`;
    });
}

/** Outcomes: at most one a slot. */
export function judgeStored({ watched, stored }: Evidence, limits: Limits): Verdict {
  const byMonitor = groupBy(stored, ({ monitor }) => monitor);
  const twice: string[] = [];
  for (const one of watched) {
    const mine = (byMonitor.get(one.id) ?? []).toSorted((a, b) => a.at - b.at);
    for (const { first, again } of useSlots(one, mine, [], limits).seconds) {
      twice.push(`${one.id}: outcomes at ${time(first.at)} and ${time(again.at)} are of one slot`);
    }
  }
  return { problems: few("stored twice", twice), figures: { stored: stored.length } };
}

/** Each outage is one trouble with a beginning and an end that fit what the target answered; there are no others. */
export function judgeTroubles(evidence: Evidence, { lateMs, takeOverMs }: Limits): Verdict {
  const { outages, troubles, faults } = evidence;
  const problems: string[] = [];
  const known = new Set<string>();
  const asked = groupBy(evidence.asked, ({ monitor }) => monitor);
  for (const outage of outages) {
    const name = `the outage of ${outage.monitor} at ${time(outage.from)}`;
    const found = troubles.filter(
      (trouble) => trouble.monitor === outage.monitor && isWithin(trouble.since, outage, lateMs),
    );
    for (const one of found) known.add(keyOf(one));
    const [trouble] = found;
    if (trouble === undefined || found.length > 1) {
      problems.push(`${name} opened ${found.length} incidents`);
      continue;
    }
    const mine = asked.get(outage.monitor) ?? [];
    const begin = nearest(mine, trouble.since, true);
    if (begin > lateMs) problems.push(`${name} began at ${time(trouble.since)}: no check failed`);
    const first = firstAt(mine, outage.from, true);
    // What a process saw right before it was killed, and while it was cut off, nobody else knows.
    const isHurt = faults.some((one) =>
      isWithin(first, { from: one.from, to: one.to + takeOverMs }, lateMs),
    );
    if (!isHurt && trouble.since - first > lateMs)
      problems.push(`${name} failed first at ${time(first)}, and began at ${time(trouble.since)}`);
    if (trouble.until === null) problems.push(`${name} is not over`);
    else if (trouble.until < outage.to)
      problems.push(`${name} was over at ${time(trouble.until)}, too early`);
    else if (nearest(mine, trouble.until, false) > lateMs)
      problems.push(`${name} was over at ${time(trouble.until)}: no check succeeded`);
  }
  for (const trouble of troubles) {
    if (known.has(keyOf(trouble))) continue;
    problems.push(`${trouble.monitor} was in trouble from ${time(trouble.since)}: no outage`);
  }
  return {
    problems: few("transitions", problems),
    figures: { outages: outages.length, troubles: troubles.length },
  };
}

/** Each incident is told that it began, then that it is over; a fault may have one notice told twice. */
export function judgeNotices({ told, troubles, faults }: Evidence, limits: Limits): Verdict {
  const problems: string[] = [];
  const repeats = told.length - new Set(told.map(({ id }) => id)).size;
  if (repeats > faults.length)
    problems.push(`${repeats} notices came again after ${faults.length} faults`);
  let untold = 0;
  const inOrder = told.toSorted((a, b) => a.at - b.at);
  for (const incident of new Set(troubles.map((trouble) => trouble.incident))) {
    const mine = inOrder.filter(({ incidents }) => incidents.includes(incident));
    if (mine.length === 0 && wasShort(incident, troubles, limits)) {
      untold += 1;
      continue;
    }
    const kinds = new Map<string, Set<string>>();
    for (const { id, kind } of mine) kinds.set(kind, (kinds.get(kind) ?? new Set()).add(id));
    for (const kind of ["firing", "resolved"]) {
      const count = kinds.get(kind)?.size ?? 0;
      if (count !== 1) problems.push(`incident ${incident} was told ${count} times as ${kind}`);
    }
    const firing = mine.findIndex(({ kind }) => kind === "firing");
    const resolved = mine.findIndex(({ kind }) => kind === "resolved");
    if (firing !== -1 && resolved !== -1 && resolved < firing)
      problems.push(`incident ${incident} was told to be over before it was told`);
  }
  return { problems: few("notices", problems), figures: { notices: told.length, repeats, untold } };
}

/** Whether an incident was over soon after somebody knew of it. */
function wasShort(incident: string, troubles: readonly Trouble[], { heldBackMs }: Limits): boolean {
  return troubles
    .filter((one) => one.incident === incident)
    .every(({ decidedAt, until }) => until !== null && until - decidedAt < heldBackMs);
}

/** Nothing is held for down but in its outages. */
export function judgeDowns({ heldDown, outages }: Evidence, limits: Limits): Verdict {
  // What ended while its monitor was taken over is seen by the first check afterwards.
  const grantedMs = limits.takeOverMs + limits.lateMs;
  const problems = heldDown
    .filter(
      ({ monitor, from, to }) =>
        !outages.some(
          (outage) =>
            outage.monitor === monitor &&
            outage.from - limits.lateMs <= from &&
            to !== null &&
            to <= outage.to + grantedMs,
        ),
    )
    .map(
      ({ monitor, from, to }) =>
        `${monitor} was held for down from ${time(from)} to ${to === null ? "now" : time(to)}`,
    );
  return {
    problems: few("false down", problems),
    figures: { heldDown: heldDown.length, falseDown: problems.length },
  };
}

function isWithin(
  at: number,
  { from, to }: Pick<Outage, "from" | "to">,
  grantedMs: number,
): boolean {
  return from - grantedMs <= at && at <= to + grantedMs;
}

const keyOf = (trouble: { incident: string; monitor: string; since: number }): string =>
  `${trouble.incident} ${trouble.monitor} ${trouble.since}`;

/** How far the nearest request that failed, or did not, is from a moment; infinite when there is none. */
function nearest(asked: readonly Asked[], at: number, failed: boolean): number {
  return asked
    .filter((one) => one.failed === failed)
    .reduce((least, one) => Math.min(least, Math.abs(one.at - at)), Number.POSITIVE_INFINITY);
}

function firstAt(asked: readonly Asked[], from: number, failed: boolean): number {
  return asked
    .filter((one) => one.failed === failed && one.at >= from)
    .reduce((least, one) => Math.min(least, one.at), Number.POSITIVE_INFINITY);
}

function sinceFault(faults: readonly Fault[], at: number): string {
  const before = faults.filter(({ from }) => from <= at).toSorted((a, b) => b.from - a.from)[0];
  if (before === undefined) return "before any fault";
  const { kind, process, from } = before;
  return `${((at - from) / 1000).toFixed(1)} s after ${kind} of ${process ?? "the database"}`;
}

function few(kind: string, problems: readonly string[]): string[] {
  const told = problems.slice(0, mostTold).map((problem) => `${kind}: ${problem}`);
  const rest = problems.length - told.length;
  return rest > 0 ? [...told, `${kind}: ${rest} more`] : told;
}

function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOfItem(item));
    if (group === undefined) groups.set(keyOfItem(item), [item]);
    else group.push(item);
  }
  return groups;
}

function time(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 23) : "never";
}
