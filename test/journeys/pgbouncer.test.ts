/**
 * Two hubs that reach PostgreSQL through pgbouncer in transaction mode, with fewer connections to the database than they
 * have to it: everything works as ever, and what one hub tells the other comes by looking instead of by `LISTEN`.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import type { FleetView, MonitorView } from "@belfry/contract";
import { noLog, retention } from "../../packages/hub/src/store/contract/fixtures.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { missingPgbouncer, startPgbouncer } from "../kit/pgbouncer.ts";
import { startPostgres } from "../kit/postgres.ts";

const limitMs = 60_000;

/** Fewer than one hub opens, so that transactions get another connection each time. */
const connections = 5;

function startOne(database: string): Promise<Hub> {
  return startHub({
    command: "hub",
    args: ["--database", database],
    env: { BELFRY_AGENT_ENABLED: "false", BELFRY_LOG_LEVEL: "warn" },
  });
}

/** Answers every request, and counts them. */
async function startTarget() {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end("ok");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}/`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function monitorOf(hub: Hub, id: string): Promise<MonitorView | undefined> {
  return hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`).catch(() => undefined);
}

const untilUp = (hub: Hub, id: string): Promise<MonitorView> =>
  until(
    `${hub.url} shows the monitor as up`,
    async () => {
      const monitor = await monitorOf(hub, id);
      return monitor?.status === "up" && monitor;
    },
    limitMs,
  );

describe("through pgbouncer in transaction mode", { skip: missingPgbouncer() }, () => {
  test("hubs check, tell each other, survive a restart, and leave nothing to sessions", async (t) => {
    await using postgres = await startPostgres();
    await using bouncer = await startPgbouncer(await postgres.createDatabase(), connections);
    await using target = await startTarget();
    await using store = await createStore({ database: bouncer.url, retention }, { log: noLog });
    const { promise: hint, resolve } = Promise.withResolvers<unknown>();
    store.onHint(resolve);
    const monitor = { name: "target", url: target.url, interval: 1 };
    await using second = await startOne(bouncer.url);
    let id: string;
    {
      await using first = await startOne(bouncer.url);
      ({ id } = await first.ask<MonitorView>("POST", "/api/v1/monitors", monitor));
      await untilUp(first, id);
      await untilUp(second, id);
      const before = performance.now();
      await first.ask("PATCH", `/api/v1/monitors/${id}`, { name: "renamed" });
      await until(
        "the other hub knows the name",
        async () => (await monitorOf(second, id))?.name === "renamed",
        limitMs,
      );
      t.diagnostic(`a change was seen after ${Math.round(performance.now() - before)} ms`);
      const { members } = await second.ask<FleetView>("GET", "/api/v1/fleet");
      assert.deepEqual(
        members.map(({ state }) => state),
        ["alive", "alive"],
      );
      assert.equal(await first.end("SIGTERM"), 0);
    }
    const alone = target.asked();
    await until("the hub that is left checks", () => target.asked() > alone + 2, limitMs);
    assert.equal(await second.end("SIGTERM"), 0);
    await using third = await startOne(bouncer.url);
    await untilUp(third, id);
    assert.equal((await monitorOf(third, id))?.name, "renamed");
    assert.equal(await hint, "lost", "of all that was said nothing came");
  });
});
