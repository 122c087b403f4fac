/**
 * A hub that checks nothing and workers on one PostgreSQL: who is killed is taken over within 15 s and what fell into
 * that time is counted; who joins and who leaves takes and gives every check at its slot.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FleetView, IncidentView, MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startPostgres } from "../kit/postgres.ts";
import { startTarget } from "../kit/target.ts";

const monitors = 20;
const intervalMs = 3_000;
const limitMs = 60_000;
/** Longer than a worker has to stop. */
const slowMs = 8_000;

/** When each monitor was checked, epoch ms, as its target saw it. */
class Seen {
  readonly #times = new Map<string, number[]>();

  note(path: string): void {
    const times = this.#times.get(path) ?? [];
    times.push(Date.now());
    this.#times.set(path, times);
  }

  get monitors(): number {
    return this.#times.size;
  }

  /** Whether every monitor was checked after an instant. */
  allSince(at: number): boolean {
    return [...this.#times.values()].every((times) => (times.at(-1) ?? 0) > at);
  }

  /** The first check of each monitor after an instant. */
  firstSince(at: number): readonly number[] {
    return [...this.#times.values()].flatMap((times) => times.find((one) => one > at) ?? []);
  }

  /** Of each monitor: slots between its first and last check since an instant, and how many checks there were. */
  slotsSince(at: number): readonly { readonly slots: number; readonly checks: number }[] {
    return [...this.#times.values()].map((times) => {
      const since = times.filter((one) => one > at);
      const span = (since.at(-1) ?? 0) - (since[0] ?? 0);
      return { slots: Math.round(span / intervalMs) + 1, checks: since.length };
    });
  }
}

function fleetOf(hub: Hub): Promise<FleetView> {
  return hub.ask<FleetView>("GET", "/api/v1/fleet");
}

/** Check shares of members that live, by the address of their health. */
async function sharesOf(hub: Hub): Promise<ReadonlyMap<string, number>> {
  const { members } = await fleetOf(hub);
  return new Map(
    members.flatMap(({ url, state, shares }) =>
      url !== null && state === "alive" ? [[url, shares.check] as const] : [],
    ),
  );
}

async function untilShares(
  what: string,
  hub: Hub,
  fits: (of: (process: Hub) => number) => boolean,
): Promise<void> {
  await until(
    what,
    async () => {
      const shares = await sharesOf(hub);
      return fits(({ url }) => shares.get(url) ?? 0);
    },
    limitMs,
  );
}

async function missedOf(worker: Hub): Promise<number> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const found = /^belfry_checks_skipped_total\{cause="take_over"\} (\d+)$/m.exec(text)?.[1];
  return Number(found ?? assert.fail(text));
}

describe("a hub that checks nothing, and workers", () => {
  test("a worker that is killed is taken over, one that is stopped hands over without a gap", async () => {
    await using postgres = await startPostgres();
    const database = ["--database", await postgres.createDatabase()];
    const seen = new Seen();
    await using target = await startTarget((request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/slow")) return void setTimeout(() => response.end("ok"), slowMs);
      seen.note(path);
      response.end("ok");
    });
    await using hub = await startHub({ command: "hub", args: [...database, "--no-checks"] });
    await using first = await startHub({ command: "worker", args: database });
    await using second = await startHub({ command: "worker", args: database });
    for (let i = 0; i < monitors; i += 1) {
      const url = `${target.url}${i}`;
      await hub.ask("POST", "/api/v1/monitors", { name: `m${i}`, url, interval: 3 });
    }
    for (let i = 0; i < 8; i += 1) {
      const url = `${target.url}slow${i}`;
      await hub.ask("POST", "/api/v1/monitors", { name: url, url, interval: 3, timeout: 20 });
    }
    await until("all are checked", () => seen.monitors === monitors, limitMs);
    await untilShares("the workers share", hub, (of) => of(first) > 60 && of(second) > 60);
    assert.equal((await sharesOf(hub)).get(hub.url), 0);
    const ready = await fetch(`${first.url}/ready`);
    assert.equal(ready.status, 200, await ready.text());

    const killedAt = Date.now();
    await first.end("SIGKILL");
    await untilShares("the second has all", hub, (of) => of(second) === 256);
    const takenAt = Date.now();
    await until("the second checks all", () => seen.allSince(takenAt), limitMs);
    const late = seen.firstSince(killedAt).map((at) => at - killedAt);
    assert.ok(Math.max(...late) < 15_000 + intervalMs, `after ${Math.max(...late)} ms`);
    assert.ok((await missedOf(second)) > 0);

    // Nobody is missed when one joins and the other leaves.
    const joinedAt = Date.now();
    await using third = await startHub({ command: "worker", args: database });
    await untilShares("the third has its share", hub, (of) => of(third) > 60);
    const toldAt = Date.now();
    assert.equal(await second.end("SIGTERM"), 0);
    const leftAt = Date.now();
    assert.ok(leftAt - toldAt < 4_500, `it stopped within ${leftAt - toldAt} ms`);
    await untilShares("the third has all", hub, (of) => of(third) === 256);
    await until("all go on", () => seen.allSince(leftAt + 2 * intervalMs), limitMs);
    for (const { slots, checks } of seen.slotsSince(joinedAt)) assert.equal(checks, slots);

    const { items } = await hub.ask<{ items: MonitorView[] }>("GET", "/api/v1/monitors?limit=100");
    const up = items.filter(({ name, status }) => /^m\d+$/.test(name) && status === "up");
    assert.equal(up.length, monitors);
    const incidents = await hub.ask<{ items: IncidentView[] }>("GET", "/api/v1/incidents");
    assert.deepEqual(incidents.items, []);
    const states = (await fleetOf(hub)).members.map(({ kind, state }) => `${kind} ${state}`);
    assert.deepEqual(states.toSorted(), [
      "hub alive",
      "worker alive",
      "worker lapsed",
      "worker left",
    ]);
  });
});
