import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRuleView, Matcher } from "@belfry/contract";
import {
  bodyOf,
  conditionKinds,
  copyOf,
  draftOf,
  newDraft,
  withConditionKind,
  withoutMatched,
} from "./rule-draft.ts";

function matcher(name: string, value: string, isEqual = true): Matcher {
  return { name, value, is_regex: false, is_equal: isEqual };
}

const rule: AlertRuleView = {
  id: "cpu_busy",
  name: "CPU busy",
  enabled: false,
  severity: "warning",
  subject: "host",
  matchers: [],
  condition: {
    kind: "threshold",
    metric: { name: "cpu", matchers: [] },
    aggregate: "last",
    operator: ">",
    value: 1,
  },
  for_seconds: 60,
  recovery_for_seconds: 60,
  labels: {},
  description: "",
  built_in: true,
  is_changed: false,
  managed_by: null,
  firing: 0,
  cannot_tell: 0,
  version: 0,
  created_at: null,
  updated_at: null,
};

for (const [kind] of conditionKinds) {
  test(`${kind} keeps the metric of another kind`, () => {
    const text = JSON.stringify(withConditionKind(draftOf(rule), kind));
    assert.match(text, new RegExp(`"kind":"${kind}"`));
    assert.match(text, /"(?:metric|numerator)":\{"name":"cpu"/);
  });
}

test("a kind without a limit forgets it; one that has never had one begins without", () => {
  const absent = withConditionKind(draftOf(rule), "absence");
  assert.doesNotMatch(JSON.stringify(absent), /"value"/);
  assert.doesNotMatch(JSON.stringify(newDraft()), /"value"/);
  assert.equal(withConditionKind(rule, "guess"), rule);
});

test("a rule in the place of another is switched on and asks for whom", () => {
  const draft = copyOf(rule, true);
  assert.deepEqual([draft.enabled, draft.name, draft.matchers.length], [true, "", 1]);
  assert.equal(copyOf(rule, false).name, "CPU busy copy");
});

test("it is called after the rule and what it is about, unless it has a name", () => {
  const draft = { ...copyOf(rule, true), matchers: [matcher("team", "db")] };
  assert.equal(bodyOf(draft, "CPU busy").name, 'CPU busy (team="db")');
  assert.equal(bodyOf({ ...draft, name: "mine" }, "CPU busy").name, "mine");
  assert.equal(bodyOf(draft, null).name, "");
});

const left: readonly (readonly [what: string, taken: readonly Matcher[], expected: string])[] = [
  ["one label", [matcher("team", "db")], 'env="x",team!="db"'],
  ["everything but a label", [matcher("team", "db", false)], 'env="x",team="db"'],
  ["two labels", [matcher("team", "db"), matcher("env", "a")], "cannot be said"],
  ["nothing", [], "cannot be said"],
  ["an empty value", [matcher("subject", "")], "cannot be said"],
];
for (const [what, taken, expected] of left) {
  test(`what is left without ${what}: ${expected}`, () => {
    const found = withoutMatched([matcher("env", "x")], taken);
    const words = found?.map((one) => `${one.name}${one.is_equal ? "=" : "!="}"${one.value}"`);
    assert.equal(words?.join() ?? "cannot be said", expected);
  });
}
