/** The charts of what a machine is made of: file systems, disks, network interfaces, sensors. */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Panel } from "../../chart/panel-view.tsx";
import { units } from "../../chart/unit.ts";
import {
  columnOf,
  columnsOf,
  combine,
  speaks,
  type Column,
  type HostSeries,
} from "./host-series.ts";
import { flowLines, highestLines, panelOf, type Flow } from "./panel.ts";

const fileSystem = {
  size: "node_filesystem_size_bytes",
  free: "node_filesystem_free_bytes",
  available: "node_filesystem_avail_bytes",
} as const;
const disk = {
  read: "node_disk_read_bytes_total",
  written: "node_disk_written_bytes_total",
  reads: "node_disk_reads_completed_total",
  writes: "node_disk_writes_completed_total",
  busy: "node_disk_io_time_seconds_total",
} as const;
const network = {
  received: "node_network_receive_bytes_total",
  sent: "node_network_transmit_bytes_total",
} as const;
const faults = [
  ["node_network_receive_errs_total", "errors in"],
  ["node_network_transmit_errs_total", "errors out"],
  ["node_network_receive_drop_total", "drops in"],
  ["node_network_transmit_drop_total", "drops out"],
] as const;
const sensor = {
  temperature: "node_hwmon_temp_celsius",
  zone: "node_thermal_zone_temp",
  fan: "node_hwmon_fan_rpm",
  label: "node_hwmon_sensor_label",
  chip: "node_hwmon_chip_names",
} as const;

/** What the hub is asked for. */
export const deviceNames: readonly string[] = [
  ...Object.values(fileSystem),
  ...Object.values(disk),
  ...Object.values(network),
  ...faults.map(([name]) => name),
  ...Object.values(sensor),
  hostMetrics.diskRatio.name,
  hostMetrics.diskRead.name,
  hostMetrics.diskWrite.name,
  hostMetrics.networkReceive.name,
  hostMetrics.networkTransmit.name,
  hostMetrics.temperature.name,
];

/** How full file systems are, as `df` counts it. `mounts`: those worth showing. */
export function usagePanel(series: HostSeries, mounts: readonly string[]): Panel | undefined {
  const free = columnsOf(series, fileSystem.free);
  const available = columnsOf(series, fileSystem.available);
  const columns = columnsOf(series, fileSystem.size).flatMap(({ labels, values }) => {
    const mount = labels["mountpoint"] ?? "";
    const parts = [free, available].map((all) => find(all, "mountpoint", mount));
    const [left, usable] = parts;
    if (!mounts.includes(mount) || left === undefined || usable === undefined) return [];
    const shares = combine([values, left, usable], (size, unused, mine) => {
      const used = size - unused;
      return used + mine > 0 ? used / (used + mine) : 0;
    });
    return [{ title: mount, values: shares }];
  });
  const main = columnOf(series, hostMetrics.diskRatio.name);
  return panelOf(
    series,
    { title: "Use of file systems", unit: units.share },
    columns.length === 0 && main !== undefined
      ? highestLines([{ title: "Main file system", values: main }])
      : highestLines(columns),
  );
}

/** Bytes read and written per second. */
export function throughputPanel(series: HostSeries): Panel | undefined {
  const flows = flowsOf(series, disk.read, disk.written);
  const all = wholeFlow(series, hostMetrics.diskRead.name, hostMetrics.diskWrite.name);
  return panelOf(
    series,
    { title: "Disk throughput", unit: units.rate, note: "read above, written below" },
    flowLines(flows.length === 0 ? all : flows, ["read", "written"]),
  );
}

/** Operations per second. */
export function operationsPanel(series: HostSeries): Panel | undefined {
  return panelOf(
    series,
    { title: "Disk operations", unit: units.perSecond, note: "reads above, writes below" },
    flowLines(flowsOf(series, disk.reads, disk.writes), ["reads", "writes"]),
  );
}

/** Share of time in which a disk had something to do. */
export function busyPanel(series: HostSeries): Panel | undefined {
  const columns = columnsOf(series, disk.busy)
    .filter(({ values }) => speaks(values))
    .map(({ labels, values }) => ({ title: labels["device"] ?? "", values }));
  return panelOf(
    series,
    { title: "Disks busy", unit: units.smallShare, note: "time with something to do" },
    highestLines(columns),
  );
}

/** Bytes per second on each interface but the loopback. */
export function trafficPanel(series: HostSeries): Panel | undefined {
  const flows = flowsOf(series, network.received, network.sent).filter(
    ({ device }) => device !== "lo",
  );
  const all = wholeFlow(series, hostMetrics.networkReceive.name, hostMetrics.networkTransmit.name);
  return panelOf(
    series,
    { title: "Network", unit: units.rate, note: "in above, out below" },
    flowLines(flows.length === 0 ? all : flows, ["in", "out"]),
  );
}

/** Errors and drops of interfaces; absent while there are none. */
export function faultsPanel(series: HostSeries): Panel | undefined {
  const columns = faults.flatMap(([name, what]) =>
    columnsOf(series, name)
      .filter(({ values }) => speaks(values))
      .map(({ labels, values }) => ({ title: `${labels["device"]} ${what}`, values })),
  );
  return panelOf(series, { title: "Network errors", unit: units.perSecond }, highestLines(columns));
}

/** Every sensor; of a host that names none, the hottest. */
export function temperaturePanel(series: HostSeries): Panel | undefined {
  const sensors = [
    ...columnsOf(series, sensor.temperature).map((column) => ({
      title: sensorName(series, column),
      values: column.values,
    })),
    ...columnsOf(series, sensor.zone).map(({ labels, values }) => ({
      title: `${labels["type"] ?? "zone"} ${labels["zone"] ?? ""}`.trim(),
      values,
    })),
  ];
  const hottest = columnOf(series, hostMetrics.temperature.name);
  return panelOf(
    series,
    { title: "Temperatures", unit: units.celsius },
    sensors.length === 0 && hottest !== undefined
      ? highestLines([{ title: "Hottest sensor", values: hottest }])
      : highestLines(sensors),
  );
}

/** Revolutions per minute. */
export function fanPanel(series: HostSeries): Panel | undefined {
  const fans = columnsOf(series, sensor.fan).map((column) => ({
    title: sensorName(series, column),
    values: column.values,
  }));
  return panelOf(series, { title: "Fans", unit: units.rpm }, highestLines(fans));
}

/** As the chip labels it, else the chip's name and the number of the sensor. */
function sensorName(series: HostSeries, { labels }: Column): string {
  const isOurs = (other: Column): boolean => other.labels["chip"] === labels["chip"];
  const chip = columnsOf(series, sensor.chip).find(isOurs)?.labels["chip_name"];
  const own = columnsOf(series, sensor.label).find(
    (other) => isOurs(other) && other.labels["sensor"] === labels["sensor"],
  )?.labels["label"];
  const short = own ?? labels["sensor"] ?? "";
  return [chip ?? labels["chip"], short].filter(Boolean).join(" ");
}

function flowsOf(series: HostSeries, into: string, out: string): readonly Flow[] {
  const others = columnsOf(series, out);
  return columnsOf(series, into).flatMap(({ labels, values }) => {
    const device = labels["device"] ?? "";
    const other = find(others, "device", device);
    return other === undefined ? [] : [{ device, into: values, out: other }];
  });
}

function wholeFlow(series: HostSeries, into: string, out: string): readonly Flow[] {
  const [a, b] = [columnOf(series, into), columnOf(series, out)];
  return a === undefined || b === undefined ? [] : [{ device: "all", into: a, out: b }];
}

function find(
  columns: readonly Column[],
  label: string,
  value: string,
): Column["values"] | undefined {
  return columns.find(({ labels }) => labels[label] === value)?.values;
}
