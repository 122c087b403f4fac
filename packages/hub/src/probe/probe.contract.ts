/** What every check kind promises. Each kind's test calls this with a target that is well and one that never answers. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test, type TestContext } from "node:test";
import { reasonTable } from "@belfry/contract";
import { commonMetrics, type CheckKind } from "../model/check-kind.ts";
import type { Outcome } from "../model/outcome.ts";
import { checkOnce, kindOf, testParts, until } from "./probe.kit.ts";
import type { ProbeParts } from "./parts.ts";

/** Settings, and parts where the real ones will not do. */
export interface Target {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly parts?: ProbeParts;
}

export interface KindCase {
  readonly kind: string;
  /** Starts a target that is found up. */
  readonly well: (t: TestContext) => Promise<Target>;
  /** Starts a target that keeps a check waiting for ever. */
  readonly silent: (t: TestContext) => Promise<Target>;
  /** Starts a target that fails and gives back what it was sent; every secret in the settings contains `geheim`. */
  readonly revealing?: (t: TestContext) => Promise<Target>;
  /** The line that `targetOf` gives for the settings of `well`, and the machine of `hostOf`. */
  readonly target: RegExp;
  readonly host: string;
}

const limitMs = 400;
/** A busy machine runs timers late; a check without a limit would never end. */
const slackMs = 1_000;

/** Runs the contract. */
export function probeContract(subject: KindCase): void {
  const { kind: name } = subject;
  const kindFor = (target: Target): CheckKind => kindOf(name, target.parts ?? testParts());
  const check = async (target: Target, context = {}): Promise<Outcome> =>
    await checkOnce(kindFor(target), target.settings, context);

  test(`${name}: finds a target up and measures only what it lists`, async (t) => {
    const target = await subject.well(t);
    const outcome = await check(target);
    assert.equal(outcome.result, "up", JSON.stringify(outcome));
    assertMeasurements(kindFor(target), outcome);
    assert.equal(outcome.result === "up" && outcome.measurements["probe_success"], 1);
  });

  test(`${name}: ends within the limit when the target never answers`, async (t) => {
    const target = await subject.silent(t);
    const before = performance.now();
    const outcome = await check(target, { timeoutMs: limitMs });
    assert.ok(performance.now() - before < limitMs + slackMs, "ended too late");
    assert.equal(outcome.result, "down", JSON.stringify(outcome));
    assert.equal(outcome.result === "down" && outcome.reason, "timeout");
    assertMeasurements(kindFor(target), outcome);
  });

  test(`${name}: ends at once when it is called off`, async (t) => {
    const target = await subject.silent(t);
    const stop = new AbortController();
    const outcome = check(target, { timeoutMs: 60_000, signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    assert.equal((await outcome).result, "unknown");
    assert.equal(getEventListeners(stop.signal, "abort").length, 0);
  });

  test(`${name}: does nothing when it was called off before it began`, async (t) => {
    const outcome = await check(await subject.silent(t), { signal: AbortSignal.abort() });
    assert.equal(outcome.result, "unknown");
  });

  test(`${name}: leaves nothing open`, async (t) => {
    const before = openThings();
    const targets = [await subject.well(t), await subject.silent(t)];
    const servers = openThings() - before;
    const { signal } = new AbortController();
    for (const target of targets) {
      for (let i = 0; i < 3; i += 1) await check(target, { timeoutMs: 100, signal });
    }
    assert.equal(getEventListeners(signal, "abort").length, 0);
    // The far ends of the connections are in this process too and close a moment later.
    await until("everything is closed", () => openThings() - before <= servers);
  });

  test(`${name}: refuses a setting it does not know, with its path`, async (t) => {
    const target = await subject.well(t);
    const parsed = kindFor(target).parseSettings({ ...target.settings, hat: 1 }, "settings");
    assert.deepEqual(parsed, {
      kind: "bad",
      problems: [{ path: "settings.hat", message: "is not a known key" }],
    });
    assert.equal(kindFor(target).parseSettings(null).kind, "bad");
    assert.equal(kindFor(target).parseSettings([]).kind, "bad");
  });

  test(`${name}: fills in defaults, and parses what it gave back to the same`, async (t) => {
    const target = await subject.well(t);
    const kind = kindFor(target);
    const first = kind.parseSettings(target.settings);
    assert.ok(first.kind === "ok");
    assert.deepEqual(kind.parseSettings(first.value), first);
    assert.match(kind.targetOf(first.value), subject.target);
    assert.equal(kind.hostOf(first.value), subject.host);
  });

  test(`${name}: lists metrics and secrets that exist`, () => {
    const kind = kindOf(name);
    for (const { name: metric, help } of kind.metrics) {
      assert.match(metric, /^probe_[a-z0-9_]+(\{[a-z]+="[^"]+"\})?$/);
      assert.ok(help.length > 0);
    }
    for (const path of kind.secrets) assertInSchema(kind.schema, path);
  });

  const { revealing } = subject;
  if (revealing === undefined) return;
  test(`${name}: lets no secret into an outcome`, async (t) => {
    const target = await revealing(t);
    const outcome = await check(target);
    assert.equal(outcome.result, "down", JSON.stringify(outcome));
    assert.doesNotMatch(JSON.stringify(outcome), /geheim/);
  });
}

function assertMeasurements(kind: CheckKind, outcome: Outcome): void {
  if (outcome.result === "unknown") return;
  if (outcome.result === "down") assert.equal(reasonTable[outcome.reason].result, "down");
  const listed = [...commonMetrics, ...kind.metrics].map((metric) => metric.name);
  for (const [name, value] of Object.entries(outcome.measurements)) {
    assert.ok(listed.includes(name), `${name} is not listed`);
    assert.ok(Number.isFinite(value), `${name} is ${value}`);
    if (name.includes("seconds") && !name.includes("expiry")) {
      assert.equal(value, Number(value.toFixed(6)), `${name} has more than six decimals`);
    }
  }
}

function assertInSchema(schema: unknown, path: string): void {
  let at = [schema];
  for (const key of path.split(".")) {
    at = at.flatMap((each) => innerSchemas(each, key));
    assert.ok(at.length > 0, `${path} is not in the schema`);
  }
}

function innerSchemas(schema: unknown, key: string): unknown[] {
  if (typeof schema !== "object" || schema === null) return [];
  if ("anyOf" in schema && Array.isArray(schema.anyOf)) {
    return schema.anyOf.flatMap((variant: unknown) => innerSchemas(variant, key));
  }
  const inside = "properties" in schema ? schema.properties : undefined;
  if (typeof inside === "object" && inside !== null && key in inside) {
    return [Reflect.get(inside, key)];
  }
  const free = "patternProperties" in schema ? schema.patternProperties : undefined;
  if (key === "*" && typeof free === "object" && free !== null) return Object.values(free);
  return [];
}

/** Sockets, timers, look-ups and processes that are open in this process. */
function openThings(): number {
  return process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length;
}
