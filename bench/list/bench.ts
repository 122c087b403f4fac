/** A hub with many monitors: the overview's first page with its summaries, and `/metrics`. */
import { startHub, type Hub } from "../../test/kit/hub.ts";
import { startBenchTarget } from "../target.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport } from "../report.ts";

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const count = short ? 1000 : 10_000;
  await using target = await startBenchTarget();
  await using hub = await startHub({ env: { BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: "10000000" } });
  for (let from = 0; from < count; from += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => create(hub, from + i, target.url)));
  }
  const pages = await timesOf(short ? 20 : 100, async (round) => {
    const page = await hub.ask<{ items: { id: string }[] }>(
      "GET",
      `/api/v1/monitors?limit=50${round % 4 === 3 ? "&q=host%2042" : ""}`,
    );
    const ids = page.items.map((item) => item.id).join(",");
    await hub.ask("GET", `/api/v1/monitors/summary?ids=${ids}&hours=24&slots=48`);
  });
  let metricsBytes = 0;
  const metrics = await timesOf(short ? 3 : 10, async () => {
    metricsBytes = (await (await fetch(`${hub.url}/metrics`)).text()).length;
  });
  const stall = await worstHealthDuring(hub, () =>
    fetch(`${hub.url}/metrics`).then((r) => r.text()),
  );
  return {
    name: "list",
    rows: [
      {
        what: `list of ${count} monitors, first page and summary, p95`,
        value: p95(pages),
        unit: "ms",
        budget: 50,
        atMost: true,
      },
      {
        what: `/metrics of ${count} monitors, whole answer, p95`,
        value: p95(metrics),
        unit: "ms",
        budget: null,
        atMost: true,
      },
      {
        what: `/metrics of ${count} monitors, size`,
        value: metricsBytes / 1e6,
        unit: "MB",
        budget: null,
        atMost: true,
      },
      {
        what: "slowest /health while /metrics is written",
        value: stall,
        unit: "ms",
        budget: 100,
        atMost: true,
      },
      {
        what: `hub with ${count} monitors, resident`,
        value: usageOf(hub.pid).residentBytes / 1e6,
        unit: "MB",
        budget: null,
        atMost: true,
      },
    ],
    notes: [`monitors at 60 s against ${target.name}; every fourth list is a search`],
  };
}

async function create(hub: Hub, n: number, url: string): Promise<void> {
  await hub.ask("POST", "/api/v1/monitors", {
    name: `host ${n}`,
    url: `${url}${n}`,
    interval: 60,
    labels: { team: `team${n % 7}` },
  });
}

async function timesOf(rounds: number, work: (round: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  await work(0);
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    await work(round);
    times.push(performance.now() - begin);
  }
  return times;
}

async function worstHealthDuring(hub: Hub, work: () => Promise<unknown>): Promise<number> {
  let running = true;
  const done = work().finally(() => {
    running = false;
  });
  let worst = 0;
  while (running) {
    const begin = performance.now();
    await (await fetch(`${hub.url}/health`)).text();
    worst = Math.max(worst, performance.now() - begin);
  }
  await done;
  return worst;
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;
}
