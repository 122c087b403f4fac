import assert from "node:assert/strict";
import { test } from "node:test";
import type { Panel } from "../../chart/panel-view.tsx";
import type { HostSeries, SeriesName } from "./host-series.ts";
import {
  busyPanel,
  fanPanel,
  faultsPanel,
  operationsPanel,
  temperaturePanel,
  throughputPanel,
  trafficPanel,
  usagePanel,
} from "./device-panels.ts";
import { cpuPanel, loadPanel, memoryPanel, pressurePanel } from "./machine-panels.ts";

/** Series of two samples each, from `name{label}` to their values. */
function seriesOf(...all: readonly (readonly [SeriesName, readonly number[]])[]): HostSeries {
  const names = new Map(all.map(([name], i) => [`${i}`, name]));
  const columns = new Map(all.map(([, values], i) => [`${i}`, values]));
  return { timeline: { times: [0, 5000], columns }, names };
}

function one(
  name: string,
  values: readonly number[],
  labels: Record<string, string> = {},
): readonly [SeriesName, readonly number[]] {
  return [{ name, labels }, values];
}

/** Titles with their last values. */
function last(panel: Panel | undefined): readonly (readonly [string, number | null])[] {
  return (panel?.lines ?? []).map(({ key, title }) => [
    title,
    panel?.timeline.columns.get(key)?.at(-1) ?? null,
  ]);
}

const mode = "belfry_host_cpu_mode_ratio";

test("CPU lies upon one another by mode, without modes that never happened", () => {
  const panel = cpuPanel(
    seriesOf(
      one(mode, [0.1, 0.2], { mode: "system" }),
      one(mode, [0.3, 0.4], { mode: "user" }),
      one(mode, [0, 0], { mode: "iowait" }),
      one(mode, [0, 0], { mode: "steal" }),
      one(mode, [0, 0.1], { mode: "nice" }),
    ),
  );
  assert.deepEqual(last(panel), [
    ["User", 0.4],
    ["Nice", 0.1],
    ["System", 0.2],
    ["I/O wait", 0],
  ]);
  assert.deepEqual(panel?.unit.range(0, 0.05), [0, 0.2]);
  assert.deepEqual(panel?.unit.range(0, 0.99), [0, 1]);
});

test("of a host that says no modes, how busy it is; of one that says nothing, nothing", () => {
  assert.deepEqual(last(cpuPanel(seriesOf(one("belfry_host_cpu_ratio", [0.1, 0.5])))), [
    ["Busy", 0.5],
  ]);
  assert.equal(cpuPanel(seriesOf()), undefined);
});

test("memory adds up to all there is, as free counts it", () => {
  const panel = memoryPanel(
    seriesOf(
      one("node_memory_MemTotal_bytes", [100, 100]),
      one("node_memory_MemAvailable_bytes", [60, 70]),
      one("node_memory_MemFree_bytes", [10, 20]),
      one("node_memory_SwapTotal_bytes", [50, 50]),
      one("node_memory_SwapFree_bytes", [50, 45]),
    ),
  );
  assert.deepEqual(last(panel), [
    ["Used", 30],
    ["Cache and buffers", 50],
    ["Free", 20],
    ["Swap used", 5],
  ]);
});

test("a host without swap has none, one that says only shares is drawn by them", () => {
  const panel = memoryPanel(seriesOf(one("belfry_host_memory_used_ratio", [0.4, 0.5])));
  assert.deepEqual(last(panel), [["Used", 0.5]]);
});

test("the cores are drawn where the load comes near them", () => {
  const near = loadPanel(seriesOf(one("node_load1", [1, 3]), one("belfry_host_cpu_cores", [4, 4])));
  assert.deepEqual(last(near), [
    ["1 min", 3],
    ["Cores", 4],
  ]);
  const far = loadPanel(
    seriesOf(one("node_load1", [1, 3]), one("belfry_host_cpu_cores", [64, 64])),
  );
  assert.deepEqual(last(far), [["1 min", 3]]);
});

test("pressure is drawn as far as the kernel says it", () => {
  const panel = pressurePanel(
    seriesOf(one("node_pressure_io_waiting_seconds_total", [0.01, 0.02])),
  );
  assert.deepEqual(last(panel), [["I/O, some wait", 0.02]]);
});

const disks = seriesOf(
  ...["sdb", "sda", "sdc"].flatMap((device, i) => [
    one("node_disk_read_bytes_total", [0, i * 10], { device }),
    one("node_disk_written_bytes_total", [0, i], { device }),
    one("node_disk_reads_completed_total", [0, i * 2], { device }),
    one("node_disk_writes_completed_total", [0, i * 3], { device }),
    one("node_disk_io_time_seconds_total", [0, i / 10], { device }),
  ]),
);

test("disks that do nothing are left out; colours go by name", () => {
  const panel = throughputPanel(disks);
  assert.deepEqual(last(panel), [
    ["sda read", 10],
    ["sda written", 1],
    ["sdc read", 20],
    ["sdc written", 2],
  ]);
  assert.deepEqual(
    panel?.lines.map(({ color, below = false }) => [color, below]),
    [
      ["--series-1", false],
      ["--series-1", true],
      ["--series-2", false],
      ["--series-2", true],
    ],
  );
  assert.deepEqual(last(operationsPanel(disks)).length, 4);
  assert.deepEqual(last(busyPanel(disks)), [
    ["sda", 0.1],
    ["sdc", 0.2],
  ]);
});

test("a single interface is drawn as areas, the loopback not at all", () => {
  const panel = trafficPanel(
    seriesOf(
      one("node_network_receive_bytes_total", [5, 6], { device: "eth0" }),
      one("node_network_transmit_bytes_total", [1, 2], { device: "eth0" }),
      one("node_network_receive_bytes_total", [9, 9], { device: "lo" }),
      one("node_network_transmit_bytes_total", [9, 9], { device: "lo" }),
    ),
  );
  assert.deepEqual(last(panel), [
    ["In", 6],
    ["Out", 2],
  ]);
  assert.deepEqual(
    panel?.lines.map((line) => line.draw),
    ["area", "area"],
  );
});

test("of a host that names no devices, what it says of all of them", () => {
  const panel = trafficPanel(
    seriesOf(
      one("belfry_host_network_receive_bytes_per_second", [5, 6]),
      one("belfry_host_network_transmit_bytes_per_second", [1, 2]),
    ),
  );
  assert.deepEqual(last(panel), [
    ["In", 6],
    ["Out", 2],
  ]);
});

test("errors and drops are shown only where there are any", () => {
  const calm = one("node_network_receive_errs_total", [0, 0], { device: "eth0" });
  assert.equal(faultsPanel(seriesOf(calm)), undefined);
  const dropping = one("node_network_receive_drop_total", [0, 2], { device: "eth0" });
  assert.deepEqual(last(faultsPanel(seriesOf(calm, dropping))), [["eth0 drops in", 2]]);
});

test("file systems are as full as df says", () => {
  const labels = { mountpoint: "/", device: "/dev/sda1", fstype: "ext4" };
  const tmp = { ...labels, mountpoint: "/tmp" };
  const series = seriesOf(
    ...[labels, tmp].flatMap((all) => [
      one("node_filesystem_size_bytes", [100, 100], all),
      one("node_filesystem_free_bytes", [45, 45], all),
      one("node_filesystem_avail_bytes", [45, 20], all),
    ]),
  );
  const panel = usagePanel(series, ["/"]);
  assert.deepEqual(last(panel), [["/", 55 / 75]]);
});

test("sensors are named as their chip names them", () => {
  const at = (sensor: string): Record<string, string> => ({ chip: "pci_1", sensor });
  const series = seriesOf(
    one("node_hwmon_temp_celsius", [40, 41], at("temp1")),
    one("node_hwmon_temp_celsius", [50, 51], at("temp2")),
    one("node_hwmon_sensor_label", [1, 1], { ...at("temp2"), label: "Tctl" }),
    one("node_hwmon_chip_names", [1, 1], { chip: "pci_1", chip_name: "k10temp" }),
    one("node_thermal_zone_temp", [30, 31], { type: "acpitz", zone: "0" }),
    one("node_hwmon_fan_rpm", [900, 901], { chip: "other", sensor: "fan1" }),
  );
  assert.deepEqual(last(temperaturePanel(series)), [
    ["acpitz 0", 31],
    ["k10temp Tctl", 51],
    ["k10temp temp1", 41],
  ]);
  assert.deepEqual(last(fanPanel(series)), [["other fan1", 901]]);
});

test("no more lines than can be told apart, those that say most", () => {
  const many = Array.from({ length: 20 }, (_, i) =>
    one("node_hwmon_temp_celsius", [i, i], { chip: "c", sensor: `temp${i}` }),
  );
  assert.deepEqual(
    last(temperaturePanel(seriesOf(...many))).map(([, value]) => value),
    [12, 13, 14, 15, 16, 17, 18, 19],
  );
});
