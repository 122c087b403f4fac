/**
 * What a hub takes in of calls of heartbeats, each synced to disk before it is answered: a burst of many jobs that end at
 * the full hour, and 1,000 calls a second for a while.
 */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { startHub, type Hub } from "../../test/kit/hub.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";

const perSecond = 1_000;
const sockets = 64;
/** As many at once, one of each heartbeat. */
const burst = 1_000;

/** A call; resolves to ms until it is answered, or null when it was refused. */
function call(url: URL, agent: Agent): Promise<number | null> {
  const beginMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const sent = request(url, { method: "POST", agent }, (response) => {
    response.resume();
    response.on("end", () =>
      resolve(response.statusCode === 200 ? performance.now() - beginMs : null),
    );
  });
  sent.on("error", reject);
  sent.end("all done: 18211 rows in 42 s");
  return promise;
}

async function makeHeartbeats(hub: Hub, count: number): Promise<readonly URL[]> {
  const tokens = Array.from({ length: count }, () => randomUUID());
  const left = tokens.entries();
  const make = async (): Promise<void> => {
    for (const [i, token] of left) {
      const settings = { token, schedule: { kind: "period", seconds: 3600 } };
      const body = { name: `job ${i}`, kind: "heartbeat", settings };
      await hub.ask("POST", "/api/v1/monitors", body);
    }
  };
  await Promise.all(Array.from({ length: 16 }, make));
  return tokens.map((token) => new URL(`${hub.url}/ping/${token}`));
}

/** Calls at an even pace, whatever becomes of those before. */
async function callEvenly(urls: readonly URL[], agent: Agent, seconds: number) {
  const beginMs = performance.now();
  const calls: Promise<number | null>[] = [];
  while (calls.length < seconds * perSecond) {
    const due = ((performance.now() - beginMs) / 1000) * perSecond;
    while (calls.length < Math.min(due, seconds * perSecond)) {
      const url = urls[calls.length % urls.length];
      if (url !== undefined) calls.push(call(url, agent));
    }
    await delay(5);
  }
  return Promise.all(calls);
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  const urls = await makeHeartbeats(hub, burst);
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  try {
    await callEvenly(urls, agent, 2);
    const burstBeginMs = performance.now();
    const atOnce = answered(await Promise.all(urls.map((url) => call(url, agent))));
    const burstMs = performance.now() - burstBeginMs;
    const seconds = short ? 5 : 30;
    const before = usageOf(hub.pid);
    const evenly = await callEvenly(urls, agent, seconds);
    const after = usageOf(hub.pid);
    const times = answered(evenly);
    const cpu = after.cpuMicroseconds - before.cpuMicroseconds;
    const info = (what: string, value: number, unit: string): BenchRow => ({
      what,
      value,
      unit,
      budget: null,
      atMost: true,
    });
    return {
      name: "heartbeats",
      rows: [
        info(`${burst} calls at once, all answered after`, burstMs, "ms"),
        info("  refused or lost", burst - atOnce.length, "calls"),
        {
          ...info("at 1,000 calls/s, refused or lost", evenly.length - times.length, "calls"),
          budget: 0,
        },
        info("  answered after, p50", at(times, 0.5), "ms"),
        { ...info("  p99", at(times, 0.99), "ms"), budget: short ? null : 250 },
        info("CPU of a call, all threads of the hub", cpu / evenly.length, "µs"),
        info("hub, resident", after.residentBytes / 1e6, "MB"),
      ],
      notes: [
        `${burst} heartbeats, ${sockets} connections from another process of the same machine; every call synced before its answer`,
        `${seconds} s at 1,000 calls a second`,
      ],
    };
  } finally {
    agent.destroy();
  }
}

/** Times of those that were answered, ascending. */
function answered(times: readonly (number | null)[]): readonly number[] {
  return times.filter((time) => time !== null).toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
