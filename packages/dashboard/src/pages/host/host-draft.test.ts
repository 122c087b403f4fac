import assert from "node:assert/strict";
import { test } from "node:test";
import { hostDetailOf } from "../hosts/host.kit.ts";
import { draftOf, hostFields, patchOf } from "./host-draft.ts";

const before = draftOf(hostDetailOf("a", { labels: { team: "core", site: "ams" } }));

test("every field is one of the draft", () => {
  assert.deepEqual(
    hostFields.map(([name]) => name),
    Object.keys(before),
  );
});

const cases: readonly (readonly [what: string, change: object, patch: object])[] = [
  ["nothing changed", {}, {}],
  ["a name", { name: "b" }, { name: "b" }],
  ["a silence as long as usual", { silent_after: null }, { silent_after: null }],
  [
    "a label taken away, one changed, one added",
    { labels: { team: "web", tier: "gold" } },
    { labels: { team: "web", tier: "gold", site: null } },
  ],
  ["all labels taken away", { labels: undefined }, { labels: { team: null, site: null } }],
];
for (const [what, change, patch] of cases) {
  test(`${what} asks for ${JSON.stringify(patch)}`, () =>
    assert.deepEqual(patchOf({ ...before, ...change }, before), patch));
}
