import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NoticeKind } from "@belfry/contract";
import type { Incident } from "../../model/incident.ts";
import type { NoticeGroup } from "../../model/notice.ts";
import type { FlowItem } from "../flow.ts";
import { at, channels, flowOf, incidentOf, itemOf, nowMs, over } from "../flow.kit.ts";
import { routeOf, second, targetOf, troubleOf } from "../flow.kit.ts";
import { outbox } from "./outbox.ts";

const { ops, night } = channels;
const target = targetOf(ops);
const of = (name: string): Incident => incidentOf({ troubles: [troubleOf({ of: name })] });
const telling = (incident: Incident, kinds: readonly NoticeKind[], to = target): FlowItem =>
  itemOf(incident, { tells: kinds.map((kind) => ({ target: to, kind })) });
const groupOf = (
  incidents: readonly Incident[],
  kinds: readonly NoticeKind[],
  over: Partial<NoticeGroup> = {},
): NoticeGroup => ({
  key: `r|${ops.id}|[]`,
  dueAt: nowMs,
  isDigest: false,
  entries: incidents.map(({ id }, n) => ({
    incidentId: id,
    kind: kinds[n % kinds.length] ?? "firing",
  })),
  revision: 1,
  ...over,
});

describe("notices", () => {
  const taken = { ...of("api"), acknowledgedAt: nowMs, acknowledgedBy: "ada" };
  const long = { ...of("api"), title: "x".repeat(299) + "\ud83d\ude00" };
  const titles: readonly (readonly [NoticeKind, Incident, string])[] = [
    ["firing", of("api"), "api is down"],
    ["changed", of("api"), "api is down"],
    ["resolved", over(of("api")), "Over: api is down"],
    ["reminder", of("api"), "Still: api is down"],
    ["escalated", of("api"), "Nobody took it yet: api is down"],
    ["acknowledged", taken, "Taken by ada: api is down"],
  ];
  for (const [kind, incident, title] of titles) {
    test(`of kind ${kind} are called ${title}`, () => {
      const { notices } = outbox(flowOf({ incidents: [telling(incident, [kind])] }));
      const [made] = notices;
      assert.ok(made !== undefined && notices.length === 1);
      assert.deepEqual(
        [made.channelId, made.route, made.isFallback, made.notice.kind, made.notice.title],
        [ops.id, "default", false, kind, title],
      );
      assert.deepEqual(
        [made.notice.at, made.notice.incidents.length, made.notice.more],
        [nowMs, 1, 0],
      );
    });
  }

  test("have titles of at most 300 characters, cut between characters", () => {
    const { notices } = outbox(flowOf({ incidents: [telling(long, ["reminder"])] }));
    const title = notices[0]?.notice.title ?? "";
    assert.ok(title.length <= 300 && title.isWellFormed() && title.endsWith("…"), title);
  });

  const names = ["a", "b", "c", "d"];
  test("about up to three incidents are told one by one", () => {
    const incidents = names.slice(0, 3).map((name) => telling(of(name), ["firing"]));
    const { notices } = outbox(flowOf({ incidents }));
    assert.deepEqual(
      notices.map(({ notice }) => notice.title),
      ["a is down", "b is down", "c is down"],
    );
  });

  test("about more of them are one", () => {
    const incidents = names.map((name) => telling(of(name), ["firing"]));
    const { notices } = outbox(flowOf({ incidents }));
    assert.deepEqual(
      notices.map(({ notice }) => [notice.title, notice.incidents.length]),
      [["4 incidents: a is down, and 3 more", 4]],
    );
  });

  test("describe fifty incidents, and count the others", () => {
    const incidents = Array.from({ length: 130 }, (_, n) => telling(of(`${n}`), ["firing"]));
    const { notices, items } = outbox(flowOf({ incidents }));
    assert.deepEqual(
      notices.map(({ notice, counted }) => [notice.incidents.length, notice.more, counted?.length]),
      [[50, 80, 80]],
    );
    assert.ok(items.every(({ incident }) => incident.flow.told[target.key] !== undefined));
  });

  test("of one incident stay in their order; those for other channels are their own", () => {
    const item = itemOf(of("api"), {
      tells: [
        { target, kind: "changed" },
        { target, kind: "reminder" },
        { target: targetOf(night), kind: "escalated" },
      ],
    });
    const { notices } = outbox(flowOf({ incidents: [item] }));
    assert.deepEqual(
      notices.map(({ notice, channelId }) => [notice.kind, channelId]),
      [
        ["changed", ops.id],
        ["reminder", ops.id],
        ["escalated", night.id],
      ],
    );
  });

  test("about the end are not made for who does not want them, and count as told", () => {
    const to = targetOf(ops, routeOf("r", { send_resolved: false }));
    const flow = outbox(flowOf({ incidents: [telling(over(of("api")), ["resolved"], to)] }));
    assert.deepEqual(flow.notices, []);
    assert.equal(flow.items[0]?.incident.flow.told[to.key]?.resolved, true);
  });
});

describe("groups", () => {
  const [a, b] = [of("a"), of("b")];
  const gone = over(of("gone"));
  const table: readonly {
    readonly says: string;
    readonly group: NoticeGroup;
    readonly told: readonly (readonly [NoticeKind, string])[];
    readonly stays?: boolean;
  }[] = [
    {
      says: "that are due are told in one",
      group: groupOf([a, b], ["firing"]),
      told: [["firing", "2 incidents: a is down, and 1 more"]],
    },
    {
      says: "that are not due wait",
      group: groupOf([a], ["firing"], { dueAt: at(1001) }),
      told: [],
      stays: true,
    },
    {
      says: "in which things of several kinds happened say that something changed",
      group: groupOf([a, b], ["firing", "resolved"]),
      told: [["changed", "2 incidents: a is down, and 1 more"]],
    },
    {
      says: "by digest are digests, of one incident too",
      group: groupOf([a], ["firing"], { isDigest: true }),
      told: [["digest", "a is down"]],
    },
    {
      says: "tell of incidents that are over by now",
      group: groupOf([gone], ["resolved"]),
      told: [["resolved", "Over: gone is down"]],
    },
    {
      says: "of incidents nobody knows tell nothing",
      group: groupOf([of("x")], ["firing"]),
      told: [],
    },
    { says: "that are empty tell nothing", group: groupOf([], []), told: [], stays: true },
  ];
  for (const { says, group, told, stays = false } of table) {
    test(says, () => {
      const flow = outbox(
        flowOf({
          incidents: [a],
          others: [b],
          groups: [group],
          world: { incident: (id) => [b, gone].find((one) => one.id === id) },
        }),
      );
      assert.deepEqual(
        flow.notices.map(({ notice }) => [notice.kind, notice.title]),
        told,
      );
      assert.equal(flow.changedGroups.has(group.key), !stays);
      if (!stays) assert.deepEqual(flow.groups.get(group.key)?.entries, []);
      for (const { channelId, route } of flow.notices) {
        assert.deepEqual([channelId, route], [ops.id, "r"]);
      }
    });
  }
});

describe("what is written into an incident", () => {
  const suppressed = { by: "silence", why: "known" } as const;
  const settled = (item: FlowItem): Incident | undefined =>
    outbox(flowOf({ incidents: [item] })).items[0]?.incident;

  test("is why nobody is told, and no more once they are", () => {
    assert.equal(settled(itemOf(of("a"), { suppressed }))?.suppressedBy, "silence");
    const former = { ...of("a"), suppressedBy: "silence" } as const;
    assert.equal(settled(itemOf(former))?.suppressedBy, null);
    assert.equal(settled(itemOf(over(former)))?.suppressedBy, "silence", "as it ended");
  });

  test("is when it is looked at again, and not at once", () => {
    const wake = (wakeAt: number | null, of: Incident) =>
      second(settled(itemOf(of, { wakeAt }))?.wakeAt ?? null);
    assert.equal(wake(at(1010), of("a")), 1010);
    assert.equal(wake(at(900), of("a")), 1000.1);
    assert.equal(wake(null, of("a")), null);
    assert.equal(wake(at(1010), over(of("a"))), null);
  });

  test("is whether it is held still", () => {
    const held = (second: number, of: Incident) =>
      settled(itemOf({ ...of, heldUntil: at(second) }))?.heldUntil;
    assert.equal(held(1001, of("a")), at(1001));
    assert.equal(held(1000, of("a")), null);
    assert.equal(held(1001, over(of("a"))), null);
  });

  test("is what was told, and when it was told first", () => {
    const told = { ...of("a"), acknowledgedAt: nowMs };
    const first = settled(telling(told, ["firing"]));
    assert.ok(first !== undefined);
    assert.deepEqual(first.flow.told[target.key], {
      firstAt: nowMs,
      at: nowMs,
      severity: "critical",
      affected: 1,
      acknowledged: true,
      flapping: false,
      resolved: false,
    });
    const later = outbox(flowOf({ now: at(1500), incidents: [telling(first, ["reminder"])] }));
    const { firstAt, at: last } = later.items[0]?.incident.flow.told[target.key] ?? {};
    assert.deepEqual([firstAt, last], [nowMs, at(1500)]);
  });
});
