/** The first whole path, through real processes: a monitor is created, checked, judged, kept and shown. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type {
  FleetView,
  HistoryRow,
  IncidentView,
  MonitorView,
  UptimeView,
} from "@belfry/contract";
import { startHub, until, type Hub, type HubOptions } from "../kit/hub.ts";
import { startPostgres, type Postgres } from "../kit/postgres.ts";
import { startTarget } from "../kit/target.ts";

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

async function statusIs(
  hub: Hub,
  id: string,
  status: string,
  limitMs: number,
): Promise<MonitorView> {
  return until(
    `monitor is ${status}`,
    async () => {
      const monitor = await hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`);
      return monitor.status === status && monitor;
    },
    limitMs,
  );
}

function suite(name: string, options: () => Promise<HubOptions>): void {
  describe(`endpoints on ${name}`, () => {
    test("a target that stops is down within an interval plus 10 s with reason and incident, and up again", async () => {
      await using target = await startTarget();
      await using hub = await startHub(await options());
      const created = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
        name: "api",
        url: target.url,
        interval: 1,
      });
      assert.equal(created.kind, "http");
      await statusIs(hub, created.id, "up", 3000);
      const stoppedAt = Date.now();
      await target.stop();
      const down = await statusIs(hub, created.id, "down", 11_000);
      assert.equal(down.last_check?.reason, "refused");
      const incident = await until("an incident", async () => {
        const page = await hub.ask<Page<IncidentView>>(
          "GET",
          `/api/v1/incidents?monitor=${created.id}&open=true`,
        );
        return page.items[0];
      });
      assert.equal(incident.reason, "refused");
      assert.ok(Date.parse(incident.opened_at) >= stoppedAt - 1500);
      await target.start();
      await statusIs(hub, created.id, "up", 11_000);
      await until("the incident resolved", async () => {
        const one = await hub.ask<IncidentView>("GET", `/api/v1/incidents/${incident.id}`);
        return one.resolved_at !== null;
      });
      const history = await hub.ask<Page<HistoryRow>>(
        "GET",
        `/api/v1/monitors/${created.id}/history?limit=100`,
      );
      const seen = new Set(history.items.map((row) => row.status));
      assert.deepEqual([...seen].toSorted(), ["ERROR", "UP"]);
      const uptime = await hub.ask<UptimeView>("GET", `/api/v1/monitors/${created.id}/uptime`);
      assert.ok(uptime.down_seconds > 0 && uptime.up_seconds > 0);
    });

    test("after kill -9 everything acknowledged is there and judging goes on where it stood", async () => {
      await using target = await startTarget();
      const settings = await options();
      const dataDir = await mkdtemp(join(tmpdir(), "belfry-journey-"));
      try {
        await using first = await startHub({ ...settings, dataDir });
        const { id } = await first.ask<MonitorView>("POST", "/api/v1/monitors", {
          name: "kept",
          url: target.url,
          interval: 1,
          judging: { down_after: 3, retry_interval: 60 },
        });
        await statusIs(first, id, "up", 3000);
        await target.stop();
        await until("two failures", async () => {
          const page = await first.ask<Page<HistoryRow>>(
            "GET",
            `/api/v1/monitors/${id}/history?status=ERROR`,
          );
          return page.items.length >= 2;
        });
        await first.end("SIGKILL");
        await using second = await startHub({ ...settings, dataDir });
        // On PostgreSQL the lease of the former process has to end first.
        const down = await statusIs(second, id, "down", 30_000);
        const page = await second.ask<Page<HistoryRow>>(
          "GET",
          `/api/v1/monitors/${id}/history?status=ERROR`,
        );
        const first3 = page.items.at(-3)?.timestamp ?? "";
        assert.ok(
          Date.parse(down.status_since) <= Date.parse(first3),
          "down since the first failure, before the crash",
        );
        const uptime = await second.ask<UptimeView>("GET", `/api/v1/monitors/${id}/uptime`);
        // In a fleet what is known ends a slot after the last check: the outage had begun by then, and goes on.
        const isFleet = (await second.ask<FleetView>("GET", "/api/v1/fleet")).clustered;
        assert.ok(
          isFleet || uptime.intervals.some((one) => one.reason === "not_running"),
          "the gap counts as neither",
        );
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    });
  });
}

suite("SQLite", async () => ({}));

describe("with PostgreSQL", () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    await postgres[Symbol.asyncDispose]();
  });
  suite("PostgreSQL", async () => ({
    env: { BELFRY_DATABASE: await postgres.createDatabase() },
  }));
});

describe("the process", () => {
  test("stops within 5 s on SIGTERM and SIGINT with checks in flight", async () => {
    await using slow = await startTarget(() => undefined);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using hub = await startHub();
      for (let n = 0; n < 20; n += 1) {
        await hub.ask("POST", "/api/v1/monitors", {
          name: `slow ${n}`,
          url: slow.url,
          timeout: 60,
        });
      }
      const begin = Date.now();
      assert.equal(await hub.end(signal), 0, hub.output());
      assert.ok(Date.now() - begin < 5000, `took ${Date.now() - begin} ms`);
    }
  });

  test("stops with the npm that runs it, which passes no signal on", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-npm-"));
    const args = ["start", "--", "--listen", "127.0.0.1:0", "--data-dir", dataDir];
    const npm = spawn("npm", args, { cwd: new URL("../..", import.meta.url), stdio: "pipe" });
    let output = "";
    npm.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    npm.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      const url = await until(
        "it listens",
        () => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0],
        30_000,
      );
      npm.kill("SIGTERM");
      await until(
        "nobody answers",
        () =>
          fetch(url).then(
            () => false,
            () => true,
          ),
        6_000,
      );
      await until("it said so", () => output.includes("stopping"));
    } finally {
      npm.kill("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("refuses a second process on the same data folder with one clear line", async () => {
    await using hub = await startHub();
    await assert.rejects(startHub({ dataDir: hub.dataDir }), (error: Error) => {
      assert.match(error.message, /in use/);
      assert.match(error.message, new RegExp(String(hub.pid)));
      assert.doesNotMatch(error.message, /\n\s+at /, "no stack trace");
      return true;
    });
  });

  test("its first monitor is its own health, and nothing made up is shown", async () => {
    await using hub = await startHub();
    const page = await until("the first monitor up", async () => {
      const list = await hub.ask<Page<MonitorView>>("GET", "/api/v1/monitors");
      return list.items[0]?.status === "up" && list;
    });
    assert.equal(page.items.length, 1);
    assert.equal(page.items[0]?.url, `${hub.url}/health`);
  });
});
