import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NoticeKind } from "@belfry/contract";
import type { Incident } from "../../model/incident.ts";
import type { NoticeGroup } from "../../model/notice.ts";
import type { FlowItem, Target } from "../flow.ts";
import { at, channels, flowOf, incidentOf, itemOf } from "../flow.kit.ts";
import { routeOf, second, targetOf, tellsOf, troubleOf } from "../flow.kit.ts";
import { grouping } from "./grouping.ts";

const { ops } = channels;
const incident = incidentOf();
const by = (names: readonly string[], over: Parameters<typeof routeOf>[1] = {}): Target =>
  targetOf(ops, routeOf("r", { group_by: [...names], group_wait_seconds: 30, ...over }));
const telling = (target: Target, kind: NoticeKind = "firing", of: Incident = incident): FlowItem =>
  itemOf(of, { tells: [{ target, kind }] });

const key = `r|${ops.id}|["core"]`;
const waiting = (over: Partial<NoticeGroup> = {}): NoticeGroup => ({
  key,
  dueAt: at(1010),
  isDigest: false,
  entries: [{ incidentId: incident.id, kind: "firing" }],
  revision: 3,
  ...over,
});
const other = { incidentId: incidentOf().id, kind: "firing" } as const;

interface Row {
  readonly says: string;
  readonly item: FlowItem;
  readonly group?: NoticeGroup;
  /** What is told without waiting. */
  readonly tells?: readonly string[];
  /** Key, when it is due, and what waits in it; of the group that changed. */
  readonly changed?: readonly [string, number, readonly NoticeKind[]];
}

const table: readonly Row[] = [
  { says: "a route that does not group", item: telling(targetOf(ops)), tells: ["firing ops"] },
  { says: "the first of a group", item: telling(by(["team"])), changed: [key, 1030, ["firing"]] },
  {
    says: "a label that is not there is an empty one",
    item: telling(by(["team", "zone"])),
    changed: [`r|${ops.id}|["core",""]`, 1030, ["firing"]],
  },
  {
    says: "a wait without labels: all in one",
    item: telling(by([])),
    changed: [`r|${ops.id}|[]`, 1030, ["firing"]],
  },
  {
    says: "labels without a wait: due at once",
    item: telling(by(["team"], { group_wait_seconds: 0 })),
    changed: [key, 1000, ["firing"]],
  },
  {
    says: "the next of a group does not put it off",
    item: telling(by(["team"])),
    group: waiting({ entries: [other] }),
    changed: [key, 1010, ["firing", "firing"]],
  },
  {
    says: "a group that was told waits anew",
    item: telling(by(["team"])),
    group: waiting({ entries: [] }),
    changed: [key, 1030, ["firing"]],
  },
  {
    says: "what gets worse before it was told is told as new",
    item: telling(by(["team"]), "changed"),
    group: waiting(),
    changed: [key, 1010, ["firing"]],
  },
  {
    says: "what is over before it was told leaves the group",
    item: telling(by(["team"]), "resolved"),
    group: waiting({ entries: [other, ...waiting().entries] }),
    changed: [key, 1010, ["firing"]],
  },
  {
    says: "what is over and was told is told in the group",
    item: telling(by(["team"]), "resolved"),
    group: waiting({ entries: [other] }),
    changed: [key, 1010, ["firing", "resolved"]],
  },
  {
    says: "who does not want to hear the end does not, though it is grouped",
    item: telling(by(["team"], { send_resolved: false }), "resolved"),
    tells: ["resolved ops"],
  },
  {
    says: "and hears nothing of what was over before it was told",
    item: telling(by(["team"], { send_resolved: false }), "resolved"),
    group: waiting(),
    tells: ["resolved ops"],
    changed: [key, 1010, []],
  },
  {
    says: "a route that no longer groups: what waits is not overtaken",
    item: telling(targetOf(ops, routeOf("r")), "resolved"),
    group: waiting(),
    changed: [key, 1010, []],
  },
  {
    says: "another route leads to the channel by now: what waits is not overtaken",
    item: telling(targetOf(ops), "changed"),
    group: waiting(),
    changed: [key, 1010, ["firing"]],
  },
  {
    says: "what waits in a digest is told there",
    item: telling(by(["team"]), "resolved"),
    group: waiting({ key: `r|${ops.id}|#digest`, isDigest: true }),
    changed: [`r|${ops.id}|#digest`, 1010, ["resolved"]],
  },
  {
    says: "a route by digest does not group",
    item: telling(by(["team"], { digest_seconds: 600 })),
    tells: ["firing ops"],
  },
];

describe("the grouping stage", () => {
  for (const { says, item, group, tells = [], changed } of table) {
    test(says, () => {
      const groups = group === undefined ? [] : [group];
      const flow = grouping(flowOf({ incidents: [item], groups }));
      const [after] = flow.items;
      assert.ok(after !== undefined);
      assert.deepEqual(tellsOf(after), tells);
      const found = [...flow.changedGroups].map((name) => flow.groups.get(name));
      assert.deepEqual(
        found.map((one) => [
          one?.key,
          second(one?.dueAt ?? null),
          one?.entries.map(({ kind }) => kind),
        ]),
        changed === undefined ? [] : [changed],
      );
      if (group !== undefined) assert.equal(flow.groups.get(group.key)?.revision, 3);
    });
  }

  test("remembers what waits as told, so that it is not put in twice", () => {
    const target = by(["team"]);
    const [item] = grouping(flowOf({ incidents: [telling(target)] })).items;
    assert.equal(item?.incident.flow.told[target.key]?.severity, "critical");
  });

  test("puts incidents with other labels into other groups", () => {
    const web = incidentOf({ troubles: [troubleOf({ of: "web", labels: { team: "web" } })] });
    const target = by(["team"]);
    const incidents = [telling(target), telling(target, "firing", web), telling(target)];
    const flow = grouping(flowOf({ incidents }));
    assert.deepEqual(
      [...flow.groups.values()].map(({ key: name, entries }) => [name, entries.length]),
      [
        [key, 1],
        [`r|${ops.id}|["web"]`, 1],
      ],
    );
  });
});
