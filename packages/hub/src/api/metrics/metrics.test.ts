import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { MonitorView } from "@belfry/contract";
import { downOutcome, openTestHub, upOutcome, type TestHub } from "../hub.kit.ts";

const openMetrics = { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" };

async function create(hub: TestHub, name: string): Promise<string> {
  const body = { name, url: "http://127.0.0.1:9/" };
  return (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>().id;
}

/** Two monitors, one of them down, and a name that needs escaping. */
async function fill(hub: TestHub): Promise<{ up: string; down: string }> {
  const [up, down] = [await create(hub, 'quote " and \\'), await create(hub, "down")];
  const phases = {
    'probe_http_duration_seconds{phase="connect"}': 0.001,
    'probe_http_duration_seconds{phase="tls"}': 0.002,
  };
  await hub.check(up, { ...upOutcome, measurements: { ...upOutcome.measurements, ...phases } });
  await hub.check(down, downOutcome);
  hub.metrics.started(0.003);
  hub.metrics.skipped("overrun", 2);
  hub.metrics.stalled(0.25);
  hub.metrics.storeTook("commit", 0.004);
  hub.metrics.failed("alerting");
  hub.metrics.watchQueue("commits", () => ({ depth: 3, ageSeconds: 1.5, dropped: 4 }));
  hub.metrics.watchChecks(() => ({ running: 5, waiting: 6 }));
  hub.metrics.watchLive(() => ({ readers: 7, dropped: 8 }));
  return { up, down };
}

function valuesOf(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const samples = lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), line.slice(space + 1)] as const;
  });
  assert.equal(new Set(samples.map(([key]) => key)).size, samples.length, "a series comes twice");
  return new Map(samples);
}

describe("GET /metrics", () => {
  test("tells of every monitor, of Belfry, and under the names of the systems it replaces", async (t) => {
    const hub = await openTestHub(t);
    const { up, down } = await fill(hub);
    hub.outputs = { waiting: 1, handedOver: 2, failed: 3 };
    const answer = await hub.ask("GET", "/metrics");
    assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const values = valuesOf(answer.text);
    const of = (id: string, rest = ""): string =>
      `{monitor="${id}",kind="http",instance="http://127.0.0.1:9/"${rest}}`;
    const expected: Record<string, string> = {
      [`probe_success${of(up)}`]: "1",
      [`probe_success${of(down)}`]: "0",
      [`probe_duration_seconds${of(up)}`]: "0.025",
      [`probe_http_status_code${of(up)}`]: "200",
      [`probe_http_duration_seconds${of(up, ',phase="tls"')}`]: "0.002",
      [`belfry_monitor_info${of(up, String.raw`,name="quote \" and \\"`)}`]: "1",
      'belfry_monitors{status="up"}': "1",
      'belfry_monitors{status="degraded"}': "0",
      'belfry_checks_total{kind="http",result="up",reason=""}': "1",
      'belfry_checks_total{kind="http",result="down",reason="refused"}': "1",
      'belfry_check_lag_seconds_bucket{le="0.005"}': "1",
      belfry_check_lag_seconds_count: "1",
      'belfry_checks_skipped_total{cause="overrun"}': "2",
      'belfry_checks_skipped_total{cause="stall"}': "0",
      belfry_event_loop_stalled_seconds_total: "0.25",
      'belfry_store_duration_seconds_count{operation="commit"}': "1",
      'belfry_failures_total{part="alerting"}': "1",
      'belfry_queue_depth{queue="commits"}': "3",
      'belfry_queue_age_seconds{queue="commits"}': "1.5",
      'belfry_queue_dropped_total{queue="commits"}': "4",
      belfry_checks_running: "5",
      belfry_checks_waiting: "6",
      belfry_live_readers: "7",
      belfry_live_readers_dropped_total: "8",
      amaunator_active_targets: "2",
      amaunator_queue_size: "1",
      amaunator_processed_messages_total: "2",
      amaunator_processing_errors_total: "3",
      [`amaunator_target_value{target_name="down",target_id="${down}"}`]: "-1",
      [String.raw`amaunator_target_value{target_name="quote \" and \\",target_id="${up}"}`]: "25",
      'sentinel_checks_total{status="UP"}': "1",
      'sentinel_checks_total{status="ERROR"}': "1",
      sentinel_latency_seconds_count: "2",
      sentinel_monitors_up: "1",
      [`belfry_build_info{version="1.2.3",node="${process.version}"}`]: "1",
    };
    for (const [key, value] of Object.entries(expected)) assert.equal(values.get(key), value, key);
    assert.ok(Number(values.get("process_resident_memory_bytes")) > 1e7);
    const heads = answer.text.match(/^# (HELP|TYPE) \S+/gm) ?? [];
    assert.equal(new Set(heads).size, heads.length, "HELP or TYPE comes twice");
  });

  test("forgets a deleted monitor, and says nothing of a check that could not tell", async (t) => {
    const hub = await openTestHub(t);
    const { up, down } = await fill(hub);
    await hub.ask("DELETE", `/api/v1/monitors/${up}`);
    await hub.check(down, { result: "unknown", reason: "own_network", message: "", durationMs: 1 });
    const { text } = await hub.ask("GET", "/metrics");
    assert.ok(!text.includes(up));
    assert.ok(!text.includes("probe_success"));
    await hub.ask("DELETE", `/api/v1/monitors/${down}`);
    assert.ok(!(await hub.ask("GET", "/metrics")).text.includes("probe_"));
  });

  test("says nothing of the checks of a monitor that is paused", async (t) => {
    const hub = await openTestHub(t);
    const { up, down } = await fill(hub);
    for (const id of [up, down]) {
      await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: { enabled: false } });
    }
    assert.ok(!(await hub.ask("GET", "/metrics")).text.includes("probe_success{"));
  });

  test("speaks OpenMetrics to whom asks for it", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const answer = await hub.ask("GET", "/metrics", { headers: openMetrics });
    assert.equal(
      answer.headers["content-type"],
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    assert.match(answer.text, /# TYPE belfry_checks counter\nbelfry_checks_total\{/);
    assert.ok(answer.text.endsWith("\n# EOF\n"));
    valuesOf(answer.text);
    const refused = { accept: "application/openmetrics-text;q=0,text/plain" };
    const text = await hub.ask("GET", "/metrics", { headers: refused });
    assert.match(String(text.headers["content-type"]), /^text\/plain/);
  });

  test("comes packed to whom can unpack it", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const answer = await hub.api.app.inject({
      url: "/metrics",
      headers: { "accept-encoding": "gzip, br" },
    });
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.match(gunzipSync(answer.rawPayload).toString(), /^probe_success\{/m);
  });

  const promtool = spawnSync("promtool", ["--version"]).error === undefined;
  test(
    "passes promtool check metrics",
    { skip: promtool ? false : "promtool is not installed" },
    async (t) => {
      const hub = await openTestHub(t);
      await fill(hub);
      const { text } = await hub.ask("GET", "/metrics");
      const check = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
      assert.deepEqual([check.status, check.stdout, check.stderr], [0, "", ""]);
    },
  );
});
