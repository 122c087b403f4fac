/** What is noticed where several processes share a database: whose it is, and what becomes of it when one is taken for dead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitResult } from "../model/change.ts";
import { createId } from "../model/id.ts";
import type { KeptRuleState, RuleChange } from "../model/rule-state.ts";
import type { Signal } from "../model/signal.ts";
import { TroubleKeeper } from "./trouble-keeper.ts";

const own = { source: "belfry:local:web:1", ruleId: "disk_nearly_full" };
const other = { source: "certificate:m1", ruleId: "certificate_expiring" };

function signalOf(rule: string): Signal {
  return {
    key: rule,
    state: "raised",
    rule,
    subject: { kind: "belfry", id: "x", name: "x" },
    severity: "warning",
    at: 1,
    decidedAt: 1,
    message: "",
    reason: null,
    evidence: {},
    labels: {},
  };
}

/** A store whose answers are what they are told to be. */
function setUp(answers: CommitResult[]) {
  const changes: RuleChange[] = [];
  const said = Promise.withResolvers<void>();
  const keeper = new TroubleKeeper({
    store: {
      commitRules(change) {
        changes.push(change);
        const answer = answers.shift() ?? "stored";
        if (answer === "stored" && answers.length === 0) setImmediate(() => said.resolve());
        return Promise.resolve(answer);
      },
    },
    fence: () => ({ process: createId<"process">(1) }),
    isOwn: (source) => source.startsWith("belfry:"),
    onSignals: () => undefined,
    onError: (error) => assert.fail(String(error)),
  });
  const rules = () => changes.map(({ signals }) => signals.map(({ rule }) => rule));
  return { keeper, changes, rules, said: said.promise };
}

test("who was taken for dead says what is its own once it has joined again, and nothing else", async () => {
  const { keeper, changes, rules, said } = setUp(["fenced", "stored"]);
  await using _end = keeper;
  keeper.raise(own, signalOf(own.ruleId));
  keeper.raise(other, signalOf(other.ruleId));
  await said;
  assert.deepEqual(rules(), [[own.ruleId, other.ruleId], [own.ruleId]]);
  assert.ok(changes.every(({ fence }) => fence !== undefined));
  assert.deepEqual(
    changes[1]?.saved.map(({ source }) => source),
    [own.source],
  );
});

test("what another process raised is known, and what it cleared is not", async () => {
  const { keeper, rules, said } = setUp([]);
  await using _end = keeper;
  const kept: KeptRuleState = {
    ...other,
    series: "",
    state: {
      phase: "firing",
      since: 1,
      startedAt: 1,
      value: 0,
      blindSince: null,
      severity: "warning",
    },
    raised: signalOf(other.ruleId),
  };
  keeper.replace([other], [kept]);
  assert.equal(keeper.raised(other)?.rule, other.ruleId);
  keeper.clear(other, 2);
  await said;
  assert.deepEqual(rules(), [[other.ruleId]]);
  keeper.replace([other], [kept]);
  keeper.replace([other], []);
  assert.equal(keeper.raised(other), undefined);
});
