/** Rings once per cause: a machine with many services dies, one that stands alone, one that comes and goes. */
import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import type { MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startNotices, type Notices } from "../kit/notices.ts";
import { startTarget } from "../kit/target.ts";

interface Page<T> {
  readonly items: readonly T[];
}

const serviceCount = 40;
const machine = "127.0.0.2";

/** A machine with many services on ports of their own. */
class Machine implements AsyncDisposable {
  #servers: Server[] = [];
  readonly #held = new Set<ServerResponse>();
  ports: readonly number[] = [];
  /** It takes connections, and answers nothing. */
  hangs = false;

  async start(): Promise<void> {
    const fixed = this.ports;
    this.#servers = await Promise.all(
      Array.from({ length: serviceCount }, (_, i) => this.#serve(fixed[i] ?? 0)),
    );
    this.ports = this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    this.#held.clear();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(port: number): Promise<Server> {
    const server = createServer((_request, response) => {
      if (this.hangs) this.#held.add(response);
      else response.end("ok");
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, machine, resolve);
    });
    return server;
  }
}

async function watch(hub: Hub, { ports }: Machine): Promise<void> {
  for (const [i, port] of ports.entries()) {
    await hub.ask("POST", "/api/v1/monitors", {
      name: `service ${i}`,
      url: `http://${machine}:${port}/`,
      interval: 3,
      timeout: 2,
    });
  }
  await allAre(hub, "up");
}

async function allAre(hub: Hub, status: string): Promise<void> {
  await until(
    `all services are ${status}`,
    async () => {
      const { items } = await hub.ask<Page<MonitorView>>("GET", "/api/v1/monitors?limit=100");
      const services = items.filter(({ name }) => name.startsWith("service"));
      return services.length === serviceCount && services.every((one) => one.status === status);
    },
    60_000,
  );
}

async function startWatched(context: TestContext): Promise<{ hub: Hub; notices: Notices }> {
  const notices = await startNotices();
  context.after(() => notices[Symbol.asyncDispose]());
  const hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  context.after(() => hub[Symbol.asyncDispose]());
  await notices.connect(hub);
  return { hub, notices };
}

for (const way of ["refuses", "hangs"] as const) {
  test(`a machine with 40 services ${way}: one notice, and one when it is back`, async (context) => {
    await using services = new Machine();
    await services.start();
    const { hub, notices } = await startWatched(context);
    await watch(hub, services);
    if (way === "hangs") services.hangs = true;
    else await services.stop();
    await allAre(hub, "down");
    const [first] = await until("a notice", async () => notices.all.length > 0 && notices.all);
    assert.equal(first?.kind, "firing");
    assert.equal(first.incidents[0]?.affected, serviceCount, first.title);
    const incidents = await hub.ask<Page<{ subjects: readonly unknown[] }>>(
      "GET",
      "/api/v1/incidents?open=true",
    );
    assert.deepEqual(
      incidents.items.map(({ subjects }) => subjects.length),
      [serviceCount],
    );
    services.hangs = false;
    await services.stop();
    await services.start();
    await allAre(hub, "up");
    await until("the end is told", async () => notices.all.length > 1);
    assert.deepEqual(
      notices.all.map(({ kind }) => kind),
      ["firing", "resolved"],
      notices.all.map(({ title }) => title).join("\n"),
    );
  });
}

test("a monitor that stands alone is not held", async (context) => {
  await using target = await startTarget();
  const { hub, notices } = await startWatched(context);
  const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
    name: "alone",
    url: target.url.replace("127.0.0.1", "127.0.0.3"),
    interval: 1,
    judging: { down_after: 1 },
  });
  const status = async (): Promise<string> =>
    (await hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`)).status;
  // Nothing listens at this address: it is down from the first check.
  await until("it is down", async () => (await status()) === "down", 10_000);
  const [first] = await until("a notice", async () => notices.all.length > 0 && notices.all);
  const { items } = await hub.ask<Page<{ decided_at: string }>>("GET", "/api/v1/incidents");
  const decidedAt = Date.parse(items[0]?.decided_at ?? "");
  assert.ok((first?.receivedAt ?? 0) - decidedAt < 3_000, "less than a hold would take");
});

test("a monitor that comes and goes is one trouble that is told once, and every result is kept", async (context) => {
  let answers = 0;
  await using target = await startTarget((_request, response) => {
    answers += 1;
    response.statusCode = answers % 4 < 2 ? 200 : 503;
    response.end("x");
  });
  const { hub, notices } = await startWatched(context);
  const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
    name: "restless",
    url: target.url,
    interval: 1,
    judging: { down_after: 1 },
  });
  // Three times up and down are told each; more than six changes in an hour are one trouble that lasts.
  const incidents = async (): Promise<readonly { readonly flapping: boolean }[]> =>
    (await hub.ask<Page<{ flapping: boolean }>>("GET", "/api/v1/incidents")).items;
  await until("it flaps", async () => (await incidents()).some(({ flapping }) => flapping), 40_000);
  await until("that is told", async () => notices.all.at(-1)?.title.includes("flapping"), 10_000);
  const told = notices.all.length;
  assert.ok(told <= 9, `${told} notices`);
  await delay(12_000);
  assert.equal(notices.all.length, told, "nothing more is told while it flaps");
  assert.ok((await incidents()).length <= 4);
  const asked = answers;
  const history = await hub.ask<Page<unknown>>("GET", `/api/v1/monitors/${id}/history?limit=200`);
  assert.ok(history.items.length >= asked - 2, `${history.items.length} of ${asked} are kept`);
});
