/**
 * Agents before two hubs on one PostgreSQL: every request of theirs goes to another hub than the one before, and one hub is
 * killed. Nothing is lost, nothing is there twice, nobody is down that sends.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HostDetailView, HostView } from "@belfry/contract";
import { noLog, retention } from "../../packages/hub/src/store/contract/fixtures.ts";
import { hostSource } from "../../packages/hub/src/model/host.ts";
import { parseId, type HostId } from "../../packages/hub/src/model/id.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import { startAgent } from "../kit/agent.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startPostgres, type Postgres } from "../kit/postgres.ts";
import { startTurnstile } from "../kit/turnstile.ts";

const skip = process.platform === "linux" ? false : "collectors of this platform are not run here";
const patienceMs = 60_000;
const load = { name: "node_load1", labels: {} };
const everything = { from: 0, to: 2 ** 45 };

let server: Postgres | undefined;

before(async () => {
  if (skip === false) server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const hostsOf = async (hub: Hub): Promise<readonly HostView[]> =>
  (await hub.ask<{ items: readonly HostView[] }>("GET", "/api/v1/hosts")).items;

/** What a hub says of a host, once it is so. */
const hostAt = (hub: Hub, what: string, ready: (host: HostView) => boolean): Promise<HostView> =>
  until(what, async () => (await hostsOf(hub)).find(ready), patienceMs);

function idOf(host: HostView): HostId {
  return parseId<"monitor">(host.id) ?? assert.fail(`${host.id} is no id`);
}

const age = ({ last_sample_at: at }: HostView): number =>
  at === null ? Number.POSITIVE_INFINITY : Date.now() - Date.parse(at);

describe("agents before two hubs", { skip, timeout: 240_000 }, () => {
  test("are heard by both, whichever they send to, and when one is killed", async () => {
    const database = await server?.createDatabase();
    assert.ok(database !== undefined);
    const env = { BELFRY_DATABASE: database, BELFRY_AGENT_ENABLED: "false" };
    await using first = await startHub({ env });
    await using second = await startHub({ env });
    await using turnstile = await startTurnstile([first.url, second.url]);
    const agent = (name: string) =>
      startAgent({
        args: ["--hub", turnstile.url, "--interval", "1", "--host-id", name, "--name", name],
      });
    await using _one = await agent("one");
    await using _other = await agent("other");

    // Known at both, with figures that are a few seconds old: half of the samples went to the other hub.
    const named = (name: string) => (host: HostView) =>
      host.name === name &&
      host.status === "up" &&
      host.figures.load1 !== null &&
      age(host) < 4_000;
    const seen = await Promise.all(
      [first, second].flatMap((hub) =>
        ["one", "other"].map((name) => hostAt(hub, `${name} is up`, named(name))),
      ),
    );
    assert.equal(new Set(seen.map(({ id }) => id)).size, 2, "a machine is one host at both hubs");
    const [host, neighbour] = seen;
    assert.ok(host !== undefined && neighbour !== undefined);

    // What people change at one is so at the other.
    await second.ask("PATCH", `/api/v1/hosts/${host.id}`, { name: "renamed", silent_after: 3 });
    await hostAt(first, "the name is the new one", ({ name }) => name === "renamed");
    const detail = await first.ask<HostDetailView>("GET", `/api/v1/hosts/${host.id}`);
    assert.equal(detail.silent_after, 3);

    // By turns, request after request: a list of series is sent to each hub once, and perhaps once more.
    const before = turnstile.counts();
    await turnstile.requests(before.total + 16);
    const { forgotten } = turnstile.counts();
    assert.ok(
      forgotten - before.forgotten <= 4,
      `${forgotten - before.forgotten} lists were asked for`,
    );

    // One hub is gone without a word.
    await first.end("SIGKILL");
    await turnstile.requests(turnstile.counts().total + 40);
    const left = await hostAt(
      second,
      "it is up and heard",
      (one) => one.name === "renamed" && age(one) < 10_000,
    );
    assert.equal(left.status, "up");

    await using store = await createStore({ database, retention }, { log: noLog });
    for (const one of [host, neighbour]) {
      const id = idOf(one);
      const intervals = await store.statusIntervals(id, everything);
      assert.deepEqual(
        intervals.map(({ status }) => status).filter((status) => status !== "pending"),
        ["up"],
        `${one.name} was never down`,
      );
      const [samples] = await store.rawOf(hostSource(id), [load], everything);
      const times = [...(samples?.times ?? [])];
      assert.ok(times.length >= 20, `${times.length} samples of ${one.name}`);
      const gaps = times.slice(1).map((time, n) => time - (times[n] ?? time));
      assert.ok(Math.min(...gaps) > 200, "no sample is there twice");
      assert.ok(Math.max(...gaps) < 1_900, `a sample is missing: ${Math.max(...gaps)} ms`);
    }

    // Whoever falls silent is down, and one that is deleted is a new host when it is heard again.
    await second.ask("DELETE", `/api/v1/hosts/${neighbour.id}`);
    const heir = await hostAt(second, "it is made anew", ({ name }) => name === "other");
    assert.notEqual(heir.id, neighbour.id);
    await _one.end("SIGKILL");
    await hostAt(
      second,
      "its silence is noticed",
      (one) => one.id === host.id && one.status === "down",
    );
  });
});
