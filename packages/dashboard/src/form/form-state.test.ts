import assert from "node:assert/strict";
import { test } from "node:test";
import { createFormState, isWithin } from "./form-state.ts";

test("changing a place takes back what was wrong there and below, and nothing else", () => {
  const form = createFormState();
  form.reset({ name: "", settings: { list: [{ kind: "x" }] } }, []);
  form.report([
    { path: "name", message: "is required" },
    { path: "settings.list[0].kind", message: "is unknown" },
    { path: "settings.listed", message: "is not a known key" },
  ]);
  assert.equal(form.isChanged.value, false);
  form.set(["settings", "list"], []);
  assert.deepEqual(
    form.problems.value.map(({ path }) => path),
    ["name", "settings.listed"],
  );
  assert.equal(form.isChanged.value, true);
});

test("a path is within itself, its keys and its items, not within what only begins alike", () => {
  assert.deepEqual(
    ["a", "a.b", "a[0]", "ab", ""].map((path) => isWithin(path, "a")),
    [true, true, true, false, false],
  );
});
