import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Told } from "../../model/incident.ts";
import type { FlowItem } from "../flow.ts";
import { at, channels, flowOf, incidentOf, itemOf, over, type FlowParts } from "../flow.kit.ts";
import { routeOf, second, targetOf, tellsOf, toldOf } from "../flow.kit.ts";
import { reminder } from "./reminder.ts";

const { ops } = channels;
const target = targetOf(ops, routeOf("r", { remind_seconds: 300, most_per_hour: 10 }));
const quiet = targetOf(ops, routeOf("r"));
const byDigest = targetOf(ops, routeOf("r", { remind_seconds: 300, digest_seconds: 600 }));
const incident = incidentOf();
const told = (second: number, over: Partial<Told> = {}) =>
  toldOf(incident, { [target.key]: { at: at(second), ...over } });
const asked = (one: typeof incident, over: Partial<FlowItem> = {}): FlowItem =>
  itemOf(one, { targets: [target], ...over });

const table: readonly {
  readonly says: string;
  readonly item: FlowItem;
  readonly parts?: Partial<FlowParts>;
  readonly tells?: readonly string[];
  readonly wake?: number;
  readonly digest?: number;
}[] = [
  { says: "a route without reminders", item: asked(told(0), { targets: [quiet] }) },
  { says: "what was told just before", item: asked(told(800)), wake: 1100 },
  {
    says: "what was told long enough ago",
    item: asked(told(700)),
    tells: ["reminder ops"],
    wake: 1300,
  },
  {
    says: "what was told long ago, by a process that is gone: once",
    item: asked(told(-9000)),
    tells: ["reminder ops"],
    wake: 1300,
  },
  {
    says: "what is told now",
    item: asked(told(0), { tells: [{ target, kind: "changed" }] }),
    tells: ["changed ops"],
    wake: 1300,
  },
  { says: "what nobody was told yet", item: asked(incident), wake: 1300 },
  { says: "what somebody took", item: asked({ ...told(0), acknowledgedAt: at(900) }) },
  { says: "what is over", item: asked(over(told(0))) },
  { says: "what is suppressed: nobody is a target", item: asked(told(0), { targets: [] }) },
  {
    says: "what was told by another route before",
    item: asked(toldOf(incident, { [`default|${ops.id}`]: { at: at(800) } })),
    wake: 1100,
  },
  {
    says: "what waits in a group still",
    item: asked(told(0)),
    parts: {
      groups: [
        {
          key: `${target.key}|[]`,
          dueAt: at(5000),
          isDigest: false,
          entries: [{ incidentId: incident.id, kind: "firing" }],
          revision: 1,
        },
      ],
    },
    wake: 1300,
  },
  {
    says: "a channel that was told too much: by digest",
    item: asked(told(0)),
    parts: { world: { recent: () => ({ count: 10, oldestAt: at(500) }) } },
    wake: 1300,
    digest: 4100,
  },
  {
    says: "a route that tells by digest",
    item: asked(told(0), { targets: [byDigest] }),
    wake: 1300,
    digest: 1600,
  },
];

describe("the reminder stage", () => {
  for (const { says, item, parts, tells = [], wake, digest } of table) {
    test(`${says}: ${tells.join(", ") || "nothing"}`, () => {
      const flow = reminder(flowOf({ incidents: [item], ...parts }));
      const [after] = flow.items;
      assert.ok(after !== undefined);
      assert.deepEqual([tellsOf(after), second(after.wakeAt)], [tells, wake ?? null]);
      const gathered = flow.groups.get(`${target.key}|#digest`);
      assert.equal(second(gathered?.dueAt ?? null), digest ?? null);
    });
  }
});
