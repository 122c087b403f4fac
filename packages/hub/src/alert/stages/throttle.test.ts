import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NoticeKind } from "@belfry/contract";
import type { NoticeGroup } from "../../model/notice.ts";
import type { Flow, FlowItem, Target } from "../flow.ts";
import { at, channels, flowOf, incidentOf, itemOf, type FlowParts } from "../flow.kit.ts";
import { routeOf, second, targetOf } from "../flow.kit.ts";
import { throttle } from "./throttle.ts";

const { ops } = channels;
const route = (over: Parameters<typeof routeOf>[1] = {}) =>
  routeOf("r", { most_per_hour: 10, ...over });
const target = targetOf(ops, route());
const digestKey = `${target.key}|#digest`;

const telling = (to: Target = target, kind: NoticeKind = "firing"): FlowItem =>
  itemOf(incidentOf(), { tells: [{ target: to, kind }] });
const times = <T>(count: number, make: () => T): readonly T[] =>
  Array.from({ length: count }, () => make());
const recent = (count: number, oldestAt: number): Partial<FlowParts> => ({
  world: { recent: () => ({ count, oldestAt: at(oldestAt) }) },
});
const groupOf = (over: Partial<NoticeGroup> = {}): NoticeGroup => ({
  key: `${target.key}|["core"]`,
  dueAt: at(1000),
  isDigest: false,
  entries: [{ incidentId: incidentOf().id, kind: "firing" }],
  revision: 1,
  ...over,
});

interface Row {
  readonly says: string;
  readonly items?: readonly FlowItem[];
  readonly parts?: Partial<FlowParts>;
  /** How many are told now, and how many wait in the digest, due when. */
  readonly now: number;
  readonly digest?: readonly [waiting: number, dueAt: number];
}

const table: readonly Row[] = [
  { says: "less than the limit", parts: recent(9, 500), now: 1 },
  { says: "the limit is reached", parts: recent(10, 500), now: 0, digest: [1, 500 + 3600] },
  {
    says: "the oldest is almost an hour ago: a minute at least",
    parts: recent(10, 1000 - 3590),
    now: 0,
    digest: [1, 1060],
  },
  {
    says: "few at once, one by one",
    items: times(3, telling),
    parts: recent(8, 500),
    now: 2,
    digest: [1, 4100],
  },
  { says: "many at once, which are one notice", items: times(500, telling), now: 500 },
  {
    says: "many at once of two kinds, which are two notices",
    items: [...times(50, telling), ...times(50, () => telling(target, "resolved"))],
    parts: recent(8, 500),
    now: 2,
    digest: [98, 4100],
  },
  {
    says: "something waits in the digest: nothing overtakes it",
    parts: { groups: [groupOf({ key: digestKey, isDigest: true, dueAt: at(1500) })] },
    now: 0,
    digest: [2, 1500],
  },
  {
    says: "a digest that was told holds up nothing",
    parts: { groups: [groupOf({ key: digestKey, isDigest: true, entries: [] })] },
    now: 1,
  },
  {
    says: "a route that always tells by digest",
    items: [telling(targetOf(ops, route({ digest_seconds: 600 })))],
    now: 0,
    digest: [1, 1600],
  },
  {
    says: "the end, for who does not want to hear it, is not gathered",
    items: [
      telling(targetOf(ops, route({ send_resolved: false, digest_seconds: 600 })), "resolved"),
    ],
    now: 1,
  },
];

const digestOf = (flow: Flow): readonly [number, number | null] | undefined => {
  const group = flow.groups.get(digestKey);
  if (group === undefined || group.entries.length === 0) return undefined;
  return [group.entries.length, second(group.dueAt)];
};

describe("the throttle stage", () => {
  for (const { says, items = [telling()], parts, now, digest } of table) {
    test(`${says}: ${now} now, ${digest?.[0] ?? 0} later`, () => {
      const flow = throttle(flowOf({ incidents: items, ...parts }));
      assert.equal(flow.items.flatMap(({ tells }) => tells).length, now);
      assert.deepEqual(digestOf(flow), digest);
      for (const { tells, incident } of flow.items) {
        if (tells.length === 0) assert.ok(incident.flow.told[target.key] !== undefined);
      }
    });
  }

  describe("groups that are due", () => {
    const policy = { routes: [route()] };
    const rows = [
      { says: "below the limit is told", parts: recent(9, 500), told: true },
      { says: "beyond it goes into the digest", parts: recent(10, 500), told: false },
      { says: "is not due yet", parts: recent(10, 500), group: { dueAt: at(1001) }, told: true },
      {
        says: "of a channel that is gone is left to who delivers",
        parts: recent(10, 500),
        group: { key: 'r|gone|["core"]' },
        told: true,
      },
    ];
    for (const { says, parts, group, told } of rows) {
      test(`one that ${says}`, () => {
        const waiting = groupOf(group);
        const flow = throttle(flowOf({ incidents: [], policy, ...parts, groups: [waiting] }));
        assert.equal(flow.groups.get(waiting.key)?.entries.length, told ? 1 : 0);
        assert.deepEqual(digestOf(flow), told ? undefined : [1, 4100]);
        assert.equal(flow.changedGroups.size, told ? 0 : 2);
      });
    }

    test("count as one notice each", () => {
      const groups = ["a", "b", "c"].map((name) => groupOf({ key: `${target.key}|["${name}"]` }));
      const flow = throttle(flowOf({ incidents: [telling()], policy, ...recent(8, 500), groups }));
      assert.equal(flow.items[0]?.tells.length, 1);
      const left = groups.map(({ key }) => flow.groups.get(key)?.entries.length);
      assert.deepEqual(left, [1, 0, 0]);
    });
  });
});
