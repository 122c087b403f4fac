import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import type { Host, KeptDetails } from "../model/host.ts";
import { createId, type HostId } from "../model/id.ts";
import { HostKeeper } from "./host-keeper.ts";

beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
afterEach(() => mock.timers.reset());

const hostOf = (id: HostId): Host => ({
  id,
  identity: `machine:${id}`,
  names: [],
  bootId: null,
  agentVersion: null,
  intervalMs: null,
  agentLabels: {},
  nameIsChosen: false,
  silentAfterMs: null,
  retentionMs: null,
  clonedFrom: null,
  lastHeardAt: 5,
  createdAt: 1,
});

const kept = (hostname: string): KeptDetails => ({
  details: { system: { hostname } },
  receivedAt: 1,
});

function trial() {
  let now = 0;
  const wrote: string[] = [];
  const errors: unknown[] = [];
  const state = { fails: false, gone: new Set<HostId>() };
  const write = (what: string): Promise<void> => {
    if (state.fails) return Promise.reject(new Error("away"));
    wrote.push(what);
    return Promise.resolve();
  };
  const keeper = new HostKeeper({
    clock: { now: () => 0, monotonicMs: () => now },
    store: {
      saveHosts: (hosts) => write(`hosts ${hosts.length}`),
      touchHosts: (heard) => write(`heard ${heard.length}`),
      saveHostDetails: (items) =>
        write(`details ${items.map((one) => one.kept.details.system?.hostname).join(" ")}`),
      setRetention: (sources) => write(`retention ${sources.size}`),
    },
    host: (id) => (state.gone.has(id) ? undefined : hostOf(id)),
    retentions: () => new Map([["host:x", 1]]),
    onError: (error) => errors.push(error),
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i += 1) {
      now += 1000;
      mock.timers.tick(1000);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  };
  const take = (): string[] => wrote.splice(0);
  return { keeper, state, errors, pass, take };
}

const [a, b] = [createId<"monitor">(1), createId<"monitor">(2)];

describe("what changed of hosts", () => {
  test("is written at most once a minute where a host was only heard", async () => {
    const { keeper, pass, take } = trial();
    for (let i = 0; i < 120; i += 1) {
      keeper.heard(a);
      keeper.heard(b);
      await pass(1);
    }
    assert.deepEqual(take(), ["heard 2", "heard 2"]);
  });

  test("is written within a second where more than that changed", async () => {
    const { keeper, pass, take } = trial();
    keeper.changed(a);
    await pass(1);
    keeper.changed(a);
    await pass(1);
    await pass(100);
    assert.deepEqual(take(), ["hosts 1", "hosts 1"]);
  });

  test("details are written at once when they are the first, then every 15 seconds, the newest only", async () => {
    const { keeper, pass, take } = trial();
    for (let i = 1; i <= 40; i += 1) {
      keeper.keepDetails(a, kept(String(i)));
      await pass(1);
    }
    assert.deepEqual(take(), ["details 1", "details 16", "details 31"]);
    await keeper[Symbol.asyncDispose]();
    assert.deepEqual(take(), ["details 40"], "what is left is written at the stop");
  });

  test("is tried again after a pause when it could not be written", async () => {
    const { keeper, state, errors, pass, take } = trial();
    state.fails = true;
    keeper.changed(a);
    keeper.keepDetails(b, kept("b"));
    keeper.retentionChanged();
    await pass(10);
    assert.ok(errors.length <= 9, `${errors.length} failures in ten seconds`);
    state.fails = false;
    await pass(6);
    assert.deepEqual(take().toSorted(), ["details b", "hosts 1", "retention 1"]);
    await pass(60);
    assert.deepEqual(take(), []);
  });

  test("is not written of a host that is gone", async () => {
    const { keeper, state, pass, take } = trial();
    keeper.changed(a);
    keeper.keepDetails(a, kept("a"));
    keeper.forget(a);
    state.gone.add(b);
    keeper.changed(b);
    await pass(100);
    assert.deepEqual(take(), []);
  });

  test("details that have to be written now are, and those that waited are not written after them", async () => {
    const { keeper, pass, take } = trial();
    keeper.keepDetails(a, kept("old"));
    await keeper.saveDetails(a, kept("new"));
    await pass(30);
    assert.deepEqual(take(), ["details new"]);
  });
});
