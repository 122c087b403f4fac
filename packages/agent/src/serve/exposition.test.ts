import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { contentTypes, expositionText, formatFor } from "./exposition.ts";
import { ownFamilies, type OwnState } from "./own-metrics.ts";
import { sampleOf } from "./sample.kit.ts";

const sample = sampleOf(0, [
  "node_load1 0.5",
  'node_cpu_seconds_total{cpu="0",mode="user"} 12.25',
  "node_memory_MemTotal_bytes 16000000000",
  'node_cpu_seconds_total{cpu="0",mode="idle"} 99',
  "node_vmstat_pgfault 7",
  "node_network_speed_bytes NaN",
  "node_filesystem_files +Infinity",
]);

const state: OwnState = {
  version: "0.1.0",
  runtime: "v26.0.0",
  startedAt: 1_700_000_000_000,
  samples: 3,
  sampledAt: 1_700_000_005_000,
  collectors: [
    { name: "cpu", elapsedMs: 0.5, fault: null, faults: 0 },
    { name: "units", elapsedMs: 12, fault: "gone", faults: 2 },
  ],
  hubs: [
    {
      url: "https://hub.example/",
      sent: 10,
      failed: { outage: 1, throttled: 0, misconfigured: 0, refused: 0 },
      refused: 0,
      spooled: 4,
      spooledInMemory: 0,
      spooledBytes: 1234,
      fresh: 1,
      isSending: false,
      oldestAgeSeconds: 60,
      dropped: 0,
      damaged: 0,
      diskFault: null,
      lastError: null,
      lastAnswer: null,
    },
  ],
  cpuSeconds: 1.5,
  residentBytes: 60_000_000,
};

describe("/metrics", () => {
  it("is in the order of names, each family together, as Prometheus's text", () => {
    assert.equal(
      expositionText(sample, [], "prometheus"),
      [
        "# HELP node_cpu_seconds_total Help of node_cpu_seconds_total",
        "# TYPE node_cpu_seconds_total counter",
        'node_cpu_seconds_total{cpu="0",mode="user"} 12.25',
        'node_cpu_seconds_total{cpu="0",mode="idle"} 99',
        "# HELP node_filesystem_files Help of node_filesystem_files",
        "# TYPE node_filesystem_files gauge",
        "node_filesystem_files +Inf",
        "# HELP node_load1 Help of node_load1",
        "# TYPE node_load1 gauge",
        "node_load1 0.5",
        "# HELP node_memory_MemTotal_bytes Help of node_memory_MemTotal_bytes",
        "# TYPE node_memory_MemTotal_bytes gauge",
        "node_memory_MemTotal_bytes 16000000000",
        "# HELP node_network_speed_bytes Help of node_network_speed_bytes",
        "# TYPE node_network_speed_bytes gauge",
        "node_network_speed_bytes NaN",
        "# HELP node_vmstat_pgfault Help of node_vmstat_pgfault",
        "# TYPE node_vmstat_pgfault untyped",
        "node_vmstat_pgfault 7",
        "",
      ].join("\n"),
    );
  });

  it("names families of counters without _total in OpenMetrics, and ends with EOF", () => {
    const text = expositionText(sample, [], "openmetrics");
    assert.match(text, /^# TYPE node_cpu_seconds counter\n# HELP node_cpu_seconds /);
    assert.match(text, /\n# TYPE node_vmstat_pgfault unknown\n/);
    assert.match(text, /\n# EOF\n$/);
  });

  it("leaves out what has no value, and a family that has none", () => {
    const present = new Uint8Array(sample.series.length).fill(1);
    present[0] = 0;
    present[1] = 0;
    const text = expositionText({ ...sample, present }, [], "prometheus");
    assert.doesNotMatch(text, /node_load1|mode="user"/);
    assert.match(text, /mode="idle"/);
  });

  it("escapes what labels and help may hold", () => {
    const metric = { name: "node_x", type: "gauge", help: "a\\b\nc" } as const;
    const family = { metric, values: [{ labels: { path: 'C:\\"\n' }, value: 1 }] };
    assert.equal(
      expositionText(null, [family], "prometheus"),
      '# HELP node_x a\\\\b\\nc\n# TYPE node_x gauge\nnode_x{path="C:\\\\\\"\\n"} 1\n',
    );
  });

  it("tells how the agent itself does", () => {
    const text = expositionText(null, ownFamilies(state), "prometheus");
    for (const line of [
      'belfry_agent_build_info{runtime="v26.0.0",version="0.1.0"} 1',
      "belfry_agent_samples_total 3",
      'belfry_agent_spool_samples{hub="https://hub.example/"} 4',
      'belfry_agent_spool_oldest_age_seconds{hub="https://hub.example/"} 60',
      'belfry_agent_send_failures_total{hub="https://hub.example/",reason="outage"} 1',
      'node_scrape_collector_success{collector="units"} 0',
      'node_scrape_collector_duration_seconds{collector="cpu"} 0.0005',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
  });

  const promtool = spawnSync("promtool", ["--version"]).error === undefined;
  it("is taken by promtool", { skip: promtool ? false : "promtool is not installed" }, () => {
    const input = expositionText(sample, ownFamilies(state), "prometheus");
    const { stdout, stderr, status } = spawnSync("promtool", ["check", "metrics"], {
      input,
      encoding: "utf8",
    });
    // These names are node_exporter's own.
    const complaints = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line !== "" && !/node_memory_MemTotal_bytes|node_load1/.test(line));
    assert.deepEqual(complaints, []);
    assert.ok(status === 0 || status === 3);
  });
});

describe("the format of /metrics", () => {
  for (const [accept, format] of [
    [undefined, "prometheus"],
    ["*/*", "prometheus"],
    ["text/html", "prometheus"],
    [
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "openmetrics",
    ],
    ["application/openmetrics-text;version=2.0.0,text/plain;q=0.3", "prometheus"],
    ["application/openmetrics-text;q=0.2,text/plain;q=0.9", "prometheus"],
  ] as const) {
    it(`is ${format} for ${accept ?? "no Accept header"}`, () =>
      assert.equal(formatFor(accept), format));
  }

  it("is said in the content type", () => {
    assert.match(contentTypes.prometheus, /version=0\.0\.4/);
    assert.match(contentTypes.openmetrics, /^application\/openmetrics-text; version=1\.0\.0/);
  });
});
