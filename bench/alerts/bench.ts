/**
 * From the check that decides to the request that tells of it, while 1,000 checks a second run; and a storm: 1,000 monitors
 * with one cause fail within 5 seconds. One real hub, a local server to be checked, a local webhook to be told.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { IncidentView, MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../test/kit/hub.ts";
import { startNotices, type Notices } from "../../test/kit/notices.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport } from "../report.ts";
import { startBenchTarget } from "../target.ts";

const monitors = 1000;
/** Each fails three times at most: more often and it would flap. */
const lonely = 60;
const stormAddress = "127.2.0.1";

/** A server that answers on every loopback address, and fails on those that are named. */
interface Switchable extends AsyncDisposable {
  readonly port: number;
  readonly failing: Set<string>;
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const told = await tellUnderLoad(short ? 20 : 180);
  const storm = await storms(short ? 20_000 : 90_000);
  return {
    name: "alerts",
    rows: [
      {
        what: "deciding check to notice sent, 1,000 checks/s beside it, p99",
        value: percentile(told, 0.99),
        unit: "ms",
        budget: 500,
        atMost: true,
      },
      {
        what: "deciding check to notice sent, median",
        value: percentile(told, 0.5),
        unit: "ms",
        budget: null,
        atMost: true,
      },
      {
        what: "storm of 1,000 monitors with one cause, notices",
        value: storm.notices,
        unit: "",
        budget: 5,
        atMost: true,
      },
      {
        what: "storm, first failed check to first notice",
        value: storm.firstMs,
        unit: "ms",
        budget: null,
        atMost: true,
      },
      {
        what: "storm, last failed check to all in one incident",
        value: storm.gatheredMs,
        unit: "ms",
        budget: null,
        atMost: true,
      },
      {
        what: "storm, growth of resident memory",
        value: storm.grownBytes / 1e6,
        unit: "MB",
        budget: null,
        atMost: true,
      },
    ],
    notes: [`${told.length} monitors without relations failed one after another`],
  };
}

/** Ms from decision to arrival, of one monitor after another. */
async function tellUnderLoad(count: number): Promise<readonly number[]> {
  await using load = await startBenchTarget();
  await using server = await startSwitchable();
  await using notices = await startNotices();
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  const channel = await notices.connect(hub);
  // By itself a channel is told 60 times an hour, and then by digests.
  const often = { name: "all", matchers: [], channels: [channel], most_per_hour: 3600 };
  await hub.ask("POST", "/api/v1/alert-routes", often);
  await createMonitors(hub, monitors, (i) => ({ url: `${load.url}?n=${i}`, interval: 1 }));
  await createMonitors(hub, lonely, (i) => ({
    url: `http://127.1.${i}.1:${server.port}/`,
    interval: 1,
    judging: { down_after: 1 },
  }));
  await allAre(hub, "up", monitors + lonely);
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    found.push(await failOnce(hub, notices, server, `127.1.${i % lonely}.1`));
  }
  return found;
}

async function failOnce(
  hub: Hub,
  notices: Notices,
  server: Switchable,
  address: string,
): Promise<number> {
  const before = notices.all.length;
  server.failing.add(address);
  const notice = await until(
    "a notice",
    async () => notices.all.slice(before).find(({ kind }) => kind === "firing"),
    15_000,
  );
  server.failing.delete(address);
  const id = notice.incidents[0]?.id ?? "";
  const incident = await hub.ask<IncidentView>("GET", `/api/v1/incidents/${id}`);
  await until(
    "its end",
    async () => notices.all.slice(before).some(({ kind }) => kind === "resolved"),
    15_000,
  );
  return notice.receivedAt - Date.parse(incident.decided_at);
}

async function storms(watchMs: number): Promise<{
  readonly notices: number;
  readonly firstMs: number;
  readonly gatheredMs: number;
  readonly grownBytes: number;
}> {
  await using server = await startSwitchable();
  await using notices = await startNotices();
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  await notices.connect(hub);
  await createMonitors(hub, monitors, (i) => ({
    url: `http://${stormAddress}:${server.port}/?n=${i}`,
    interval: 2,
  }));
  await allAre(hub, "up", monitors);
  await delay(5_000);
  const before = usageOf(hub.pid).residentBytes;
  const failedAt = Date.now();
  server.failing.add(stormAddress);
  const first = await until("a notice", async () => notices.all[0], 30_000);
  await allAre(hub, "down", monitors);
  const downAt = Date.now();
  await until(
    "one incident with all",
    async () => {
      const page = await hub.ask<{ items: readonly IncidentView[] }>(
        "GET",
        "/api/v1/incidents?open=true",
      );
      return page.items.length === 1 && page.items[0]?.subjects.length === monitors;
    },
    60_000,
  );
  const gatheredAt = Date.now();
  await delay(watchMs);
  return {
    notices: notices.all.length,
    firstMs: first.receivedAt - failedAt,
    gatheredMs: gatheredAt - downAt,
    grownBytes: usageOf(hub.pid).residentBytes - before,
  };
}

async function createMonitors(
  hub: Hub,
  count: number,
  inputOf: (i: number) => object,
): Promise<void> {
  for (let from = 0; from < count; from += 50) {
    const some = Array.from({ length: Math.min(50, count - from) }, (_, i) => from + i);
    await Promise.all(
      some.map((i) =>
        hub.ask("POST", "/api/v1/monitors", { name: `check ${i}`, timeout: 2, ...inputOf(i) }),
      ),
    );
  }
}

async function allAre(hub: Hub, status: MonitorView["status"], count: number): Promise<void> {
  await until(
    `all are ${status}`,
    async () => {
      const text = await (await fetch(`${hub.url}/metrics`)).text();
      const line = new RegExp(`^belfry_monitors\\{status="${status}"\\} (\\d+)`, "m").exec(text);
      return Number(line?.[1] ?? 0) >= count;
    },
    60_000,
  );
}

async function startSwitchable(): Promise<Switchable> {
  const failing = new Set<string>();
  const server: Server = createServer((request, response) => {
    response.statusCode = failing.has(request.socket.localAddress ?? "") ? 503 : 200;
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    failing,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
