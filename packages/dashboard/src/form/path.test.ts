import assert from "node:assert/strict";
import { test } from "node:test";
import { dotted, valueAt, withValueAt, type Path } from "./path.ts";

const draft = { name: "a", settings: { list: [{ kind: "x" }, { kind: "y" }] } };

test("places are named as problems name them", () => {
  assert.equal(dotted(["settings", "list", 1, "kind"]), "settings.list[1].kind");
  assert.equal(dotted([]), "");
});

test("what is not there is undefined", () => {
  assert.equal(valueAt(draft, ["settings", "list", 1, "kind"]), "y");
  assert.equal(valueAt(draft, ["settings", "none", "deeper"]), undefined);
  assert.equal(valueAt(draft, ["name", "deeper"]), undefined);
});

const changes: readonly (readonly [what: string, path: Path, next: unknown, after: unknown])[] = [
  ["a value", ["name"], "b", { ...draft, name: "b" }],
  [
    "a key that was not there",
    ["settings", "tls", "verify"],
    false,
    { name: "a", settings: { list: draft.settings.list, tls: { verify: false } } },
  ],
  [
    "an item added",
    ["settings", "list", 2],
    "z",
    { name: "a", settings: { list: [{ kind: "x" }, { kind: "y" }, "z"] } },
  ],
  [
    "an item taken away",
    ["settings", "list", 0],
    undefined,
    { name: "a", settings: { list: [{ kind: "y" }] } },
  ],
  ["a key taken away", ["settings", "list"], undefined, { name: "a", settings: {} }],
  [
    "a key of an item taken away",
    ["settings", "list", 0, "kind"],
    undefined,
    { name: "a", settings: { list: [{}, { kind: "y" }] } },
  ],
];
for (const [what, path, next, after] of changes) {
  test(`${what}: the draft is changed there and nowhere else`, () => {
    const before = structuredClone(draft);
    assert.deepEqual(withValueAt(draft, path, next), after);
    assert.deepEqual(draft, before);
  });
}
