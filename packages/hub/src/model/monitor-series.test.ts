import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exampleMonitor } from "./monitor.kit.ts";
import { createFrameMaker, parseMetricKey } from "./monitor-series.ts";

const monitor = exampleMonitor();

describe("frames of a monitor", () => {
  test("read metric keys with and without labels", () => {
    assert.deepEqual(parseMetricKey("probe_success"), { name: "probe_success", labels: {} });
    assert.deepEqual(parseMetricKey('probe_http_duration_seconds{phase="tls",x="1"}'), {
      name: "probe_http_duration_seconds",
      labels: { phase: "tls", x: "1" },
    });
  });

  test("hand out the same list of series while the same things are measured", () => {
    const make = createFrameMaker(monitor, "https://example.org/");
    const first = make(1000, { probe_success: 1, probe_duration_seconds: 0.5 });
    const second = make(2000, { probe_success: 1, probe_duration_seconds: 0.25 });
    assert.equal(second.series, first.series);
    assert.equal(second.sourceLabels, first.sourceLabels);
    assert.deepEqual([...second.values], [1, 0.25]);
    assert.equal(second.present, undefined);
    assert.deepEqual(first.sourceLabels, {
      monitor: monitor.id,
      kind: "http",
      instance: "https://example.org/",
    });
  });

  test("mark what a failed check did not measure as absent, and keep its place", () => {
    const make = createFrameMaker(monitor, "x");
    make(1000, { probe_success: 1, probe_duration_seconds: 0.5 });
    const failed = make(2000, { probe_success: 0 });
    assert.deepEqual([...(failed.present ?? [])], [1, 0]);
    const grown = make(3000, { probe_success: 1, probe_duration_seconds: 1, probe_extra: 7 });
    assert.deepEqual(
      grown.series.map((key) => key.name),
      ["probe_success", "probe_duration_seconds", "probe_extra"],
    );
  });
});
