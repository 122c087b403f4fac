import assert from "node:assert/strict";
import { test } from "node:test";
import type { WouldTell } from "@belfry/contract";
import { summaryOf, whenWords } from "./told-words.ts";

const at = "2026-11-21T12:00:00.000Z";

type Told = WouldTell["told"][number];

function told(name: string, after: number, change: Partial<Told["channel"]> = {}): Told {
  return {
    at,
    after_seconds: after,
    kind: "firing",
    route: { id: null, name: "default" },
    channel: { id: `id of ${name}`, name, kind: "email", enabled: true, trouble: null, ...change },
    every_seconds: null,
    why: null,
  };
}

const plain: WouldTell = {
  subject: { kind: "monitor", id: "m", name: "shop" },
  severity: "critical",
  labels: {},
  at,
  until: at,
  suppressed_by: null,
  why: null,
  stages: [],
  routes: [],
  told: [],
  nobody: null,
};
const away = { failure: "outage", why: "it is away", since: at };

const rows: readonly (readonly [change: Partial<WouldTell>, text: string, isBad: boolean])[] = [
  [{ told: [told("ops", 0), told("call", 900)] }, "ops would be told at once", false],
  [
    { told: [told("ops", 30), told("call", 30), told("boss", 30)] },
    "ops and 2 others would be told after 30 s",
    false,
  ],
  [
    { told: [told("ops", 0, { trouble: away })] },
    "Nobody would hear of it: no channel takes it at present",
    true,
  ],
  [
    { nobody: "the route night names no channel" },
    "Nobody would be told: the route night names no channel",
    true,
  ],
  [
    { suppressed_by: "maintenance", why: "patches", told: [told("ops", 3600)] },
    "Nobody is told at first: it is in maintenance (patches)",
    false,
  ],
  [{}, "Nobody would be told", true],
];
for (const [change, text, isBad] of rows) {
  test(text, () => assert.deepEqual(summaryOf({ ...plain, ...change }), { text, isBad }));
}

test("what comes within a second comes at once", () => {
  assert.deepEqual([whenWords(0), whenWords(900)], ["at once", "after 15 min"]);
});
