/**
 * Correlating and deciding without a store, for random stories by the thousand: a model of what `Alerting` does with them
 * (see there), in which time goes on from one instant at which something is due to the next.
 */
import assert from "node:assert/strict";
import type { AlertPolicy } from "../model/alert-policy.ts";
import { createId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import type { NewNotice, NoticeGroup } from "../model/notice.ts";
import { describeShortly, signalOf } from "./alerting.kit.ts";
import { IncidentBook } from "./book.ts";
import { correlate, resolved } from "./correlate.ts";
import { decide } from "./decide.ts";
import { monitor, nowMs } from "./flow.kit.ts";
import type { Tie } from "./ties.ts";

const hourMs = 3_600_000;
/** So often something may be due within an hour, for each open incident: oftener, it does not come to rest. */
const mostLooks = 2_000;

/** `s1` and `s2` depend on `s0`; `s3` and `s4` are in one group; `s5` has nothing in common with others. */
export const subjects = ["s0", "s1", "s2", "s3", "s4", "s5"].map(monitor);

const parents = (subject: Subject): readonly Subject[] =>
  subject.name === "s1" || subject.name === "s2" ? [monitor("s0")] : [];

function tiesOf(subject: Subject): readonly Tie[] {
  const own = [subject, ...parents(subject)].map((cause): Tie => {
    return { kind: "depends_on", key: `monitor:${cause.id}`, cause, why: "they depend on it" };
  });
  if (subject.name !== "s3" && subject.name !== "s4") return own;
  const cause: Subject = { kind: "external", id: "group:g", name: "group g" };
  return [...own, { kind: "group", key: "group:g", cause, why: "the same group" }];
}

export class Story {
  readonly book = new IncidentBook(tiesOf);
  readonly groups = new Map<string, NoticeGroup>();
  readonly notices: NewNotice[] = [];
  readonly #over = new Map<Incident["id"], Incident>();
  #policy: AlertPolicy;
  #now = nowMs;

  constructor(policy: AlertPolicy) {
    this.#policy = policy;
  }

  get now(): number {
    return this.#now;
  }

  get policy(): AlertPolicy {
    return this.#policy;
  }

  signal(state: "raised" | "cleared", subject: Subject, rule: string): void {
    const severity = rule === "monitor_down" ? "critical" : "warning";
    const signal = signalOf(state, this.#now, { subject, rule, severity });
    const parts = { book: this.book, ties: tiesOf(subject), createId };
    const after = correlate(signal, parts);
    this.#decide(after === null ? [] : [after]);
  }

  change(policy: AlertPolicy): void {
    this.#policy = policy;
    this.#decide([...this.book.all()]);
  }

  acknowledge(incident: Incident): void {
    if (incident.acknowledgedAt !== null) return;
    this.#decide([{ ...incident, acknowledgedAt: this.#now, acknowledgedBy: "ada" }]);
  }

  snooze(incident: Incident, ms: number): void {
    this.#decide([{ ...incident, snoozedUntil: this.#now + ms }]);
  }

  resolve(incident: Incident): void {
    this.#decide([resolved(incident, this.#now)]);
  }

  goOn(ms: number): void {
    const end = this.#now + ms;
    const most = (mostLooks * (this.book.size + 1) * (ms + hourMs)) / hourMs;
    for (let looks = 0; ; looks += 1) {
      const next = this.#nextDue();
      if (next > end) break;
      assert.ok(next > this.#now, "what is due is looked at");
      assert.ok(looks < most, "it comes to rest");
      this.#now = next;
      this.#decide([...this.book.all()].filter(({ wakeAt }) => wakeAt !== null && wakeAt <= next));
    }
    this.#now = end;
  }

  #nextDue(): number {
    const wakes = [...this.book.all()].flatMap(({ wakeAt }) => wakeAt ?? []);
    const groups = [...this.groups.values()].map(({ dueAt }) => dueAt);
    return Math.min(Number.POSITIVE_INFINITY, ...wakes, ...groups);
  }

  #decide(changed: readonly Incident[]): void {
    for (const incident of changed) this.book.put(incident);
    const isOver = changed.some(({ resolvedAt }) => resolvedAt !== null);
    const others = [...this.book.all()].filter(
      ({ id, suppressedBy }) =>
        isOver && suppressedBy === "inhibition" && !changed.some((one) => one.id === id),
    );
    const decided = decide({
      now: this.#now,
      policy: this.#policy,
      open: [...this.book.all()],
      incidents: [...changed, ...others],
      groups: this.groups,
      world: {
        createId,
        parentsOf: parents,
        describe: describeShortly,
        recent: ({ route, channelId }) => this.#recent(route, channelId),
        incident: (id) => this.book.get(id) ?? this.#over.get(id),
      },
    });
    for (const incident of decided.incidents) {
      if (incident.resolvedAt !== null) this.#over.set(incident.id, incident);
      this.book.put(incident);
    }
    for (const group of decided.groups) {
      if (group.entries.length === 0) this.groups.delete(group.key);
      else this.groups.set(group.key, group);
    }
    this.notices.push(...decided.notices);
  }

  #recent(route: string, channelId: string): { count: number; oldestAt: number | null } {
    const times = this.notices.flatMap((one) =>
      one.route === route && one.channelId === channelId && one.notice.at >= this.#now - hourMs
        ? [one.notice.at]
        : [],
    );
    return { count: times.length, oldestAt: times[0] ?? null };
  }
}
