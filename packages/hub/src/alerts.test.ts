/** From a signal to a provider: the real store, stages, outbox, delivery and channel; only the provider is the test's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createAlerts } from "./alerts.ts";
import type { ChannelSettings } from "./model/alert-policy.ts";
import { systemClock } from "./model/clock.ts";
import { createId } from "./model/id.ts";
import type { Signal } from "./model/signal.ts";
import { createSignedLinks, newLinkSecret } from "./model/signed-links.ts";
import { channelKinds } from "./notify/channel-kinds.ts";
import { auditOf, noLog, retention } from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";

function signalOf(state: Signal["state"], at: number): Signal {
  return {
    key: "job_failed:job:1",
    state,
    rule: "job_failed",
    subject: { kind: "job", id: "1", name: "nightly" },
    severity: "critical",
    at,
    decidedAt: at,
    message: "exit code 1",
    reason: null,
    evidence: {},
    labels: { team: "core" },
  };
}

test("what began and what is over reach a provider that fails at first, once each and in order", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-alerts-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const taken: string[] = [];
  let failures = 2;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      failures -= 1;
      if (failures < 0) taken.push(body);
      response.writeHead(failures < 0 ? 200 : 500).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  // Reads what the server listens on: an address with a port, since it listens on TCP.
  const { port } = server.address() as AddressInfo;
  const store = stack.use(
    await createStore({ database: join(folder, "belfry.db"), retention }, { log: noLog }),
  );
  const now = Date.now();
  const channel: ChannelSettings = {
    id: createId(now),
    name: "ops",
    kind: "webhook",
    enabled: true,
    isDefault: true,
    isFallback: false,
    settings: { url: `http://127.0.0.1:${port}/hook` },
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  await store.createAlertSetting("channel", channel, auditOf());
  const alerts = stack.use(
    createAlerts({
      clock: systemClock,
      store,
      board: { get: () => undefined, entries: () => [], hostEntries: () => [] },
      kinds: new Map(),
      channelKinds,
      random: Math.random,
      hostOf: () => "",
      publicUrl: "https://belfry.example.org",
      links: createSignedLinks(newLinkSecret()),
      userAgent: "Belfry/0.0.0",
      refuseAddress: () => undefined,
      onAttempt: () => undefined,
      onIncidents: () => undefined,
      onError: (error) => assert.fail(String(error)),
    }),
  );
  const until = async (what: () => Promise<boolean>): Promise<void> => {
    while (!(await what())) {
      t.signal.throwIfAborted();
      await delay(20);
    }
  };
  await store.putSignals([signalOf("raised", now)]);
  alerts.alerting.wake();
  await until(async () => taken.length === 1);
  await store.putSignals([signalOf("raised", now), signalOf("cleared", now + 1)]);
  alerts.alerting.wake();
  await until(async () => taken.length === 2);
  assert.match(taken[0] ?? "", /nightly failed/);
  assert.match(
    taken[0] ?? "",
    /incident-links\/[0-9a-f-]+\/acknowledge\?until=\d+&key=\w+&sig=[\w-]{43}"/,
  );
  assert.match(taken[1] ?? "", /"acknowledge":null,"snooze":null/);
  assert.match(taken[1] ?? "", /Over: nightly failed/);
  await until(async () => (await store.notices({ state: "waiting", limit: 9 })).length === 0);
  const [second, first] = await store.notices({ limit: 9 });
  assert.deepEqual([first?.notice.kind, second?.notice.kind], ["firing", "resolved"]);
  assert.ok(first !== undefined);
  const attempts = await store.deliveries(first.notice.id, 9);
  assert.match(attempts[0]?.request ?? "", /&sig=…"/);
  assert.deepEqual(
    attempts.map(({ result }) => result),
    ["sent", "retry", "retry"],
  );
});
