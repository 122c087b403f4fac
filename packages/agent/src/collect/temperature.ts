/**
 * Temperatures and fans: `/sys/class/hwmon` and `/sys/class/thermal`, named and labelled as node_exporter does. Reading a
 * sensor may hang, see `TimedFiles`. A sensor that gives no value (unplugged, asleep) is absent.
 */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Section } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { hostText, hostTextOrNone } from "./host-text.ts";
import { gauge } from "./metric.ts";
import { namesIn, realPath } from "./small-file.ts";
import { TimedFiles } from "./timed-files.ts";

export const temperatureMetrics = {
  temperature: gauge("node_hwmon_temp_celsius", "Hardware monitor for temperature (input)"),
  highest: gauge("node_hwmon_temp_max_celsius", "Hardware monitor for temperature (max)"),
  critical: gauge("node_hwmon_temp_crit_celsius", "Hardware monitor for temperature (crit)"),
  fan: gauge("node_hwmon_fan_rpm", "Hardware monitor for fan revolutions per minute (input)"),
  label: gauge("node_hwmon_sensor_label", "Label for given chip and sensor"),
  chip: gauge("node_hwmon_chip_names", "Annotation metric for human-readable chip names"),
  zone: gauge("node_thermal_zone_temp", "Zone temperature in Celsius"),
  hottest: gauge(hostMetrics.temperature.name, hostMetrics.temperature.help),
} as const;

/** A chip, a sensor or a zone never changes what it is; how warm it is may be asked again. */
interface Found {
  /** What is set every round as it is. */
  readonly constants: readonly Constant[];
  readonly sensors: readonly Sensor[];
}

type Labels = Readonly<Record<string, string>>;

interface Constant {
  readonly metric: (typeof temperatureMetrics)[keyof typeof temperatureMetrics];
  readonly labels: Labels;
  readonly value: number;
}

interface Sensor {
  readonly path: string;
  readonly metric: (typeof temperatureMetrics)[keyof typeof temperatureMetrics];
  readonly labels: Labels;
  /** What one degree or turn is in the file. */
  readonly unit: number;
}

/** Chips of a driver that is loaded anew without a change of names are noticed after so many rounds. */
const roundsUntilSearch = 20;
/** What a broken sensor says (-128, 127.5, 6553.5) is shown as it is, but is nobody's temperature. */
const plausible = { least: -40, most: 126 };

export const temperature: CollectorSpec = {
  name: "temperature",
  pace: 15,
  metrics: Object.values(temperatureMetrics),
  create({ roots }, { section }) {
    const files = new TimedFiles();
    let found: Found = { constants: [], sensors: [] };
    let names = "";
    let age = 0;
    return {
      async collect() {
        const present = namesOf(roots.sys);
        if (present !== names || age >= roundsUntilSearch) {
          found = await search(roots.sys, files);
          files.forget(60_000);
          names = present;
          age = 0;
        }
        age += 1;
        await readSensors(found, files, section);
      },
      [Symbol.dispose]: () => files[Symbol.dispose](),
    };
  },
};

async function readSensors(found: Found, files: TimedFiles, section: Section): Promise<void> {
  let hottest = Number.NEGATIVE_INFINITY;
  for (const { path, metric, labels, unit } of found.sensors) {
    const raw = await files.readNumber(path);
    if (raw === undefined) continue;
    const value = raw / unit;
    section.put(metric, labels, value);
    const isReal = value >= plausible.least && value <= plausible.most;
    if (isReal && metric !== temperatureMetrics.fan) hottest = Math.max(hottest, value);
  }
  for (const { metric, labels, value } of found.constants) section.put(metric, labels, value);
  if (Number.isFinite(hottest)) section.put(temperatureMetrics.hottest, {}, hottest);
}

function namesOf(sys: string): string {
  return [...namesIn(`${sys}/class/hwmon`), ...zonesIn(sys)].join(" ");
}

function zonesIn(sys: string): readonly string[] {
  return namesIn(`${sys}/class/thermal`).filter((name) => name.startsWith("thermal_zone"));
}

async function search(sys: string, files: TimedFiles): Promise<Found> {
  const constants: Constant[] = [];
  const sensors: Sensor[] = [];
  for (const name of namesIn(`${sys}/class/hwmon`))
    await searchChip(`${sys}/class/hwmon/${name}`, files, constants, sensors);
  for (const name of zonesIn(sys)) {
    const folder = `${sys}/class/thermal/${name}`;
    const type = hostText((await files.read(`${folder}/type`)) ?? "");
    const labels = { zone: name.slice("thermal_zone".length), type };
    sensors.push({
      path: `${folder}/temp`,
      metric: temperatureMetrics.zone,
      labels,
      unit: 1_000,
    });
  }
  return { constants, sensors };
}

async function searchChip(
  folder: string,
  files: TimedFiles,
  constants: Constant[],
  sensors: Sensor[],
): Promise<void> {
  const name = hostTextOrNone(await files.read(`${folder}/name`));
  const chip = unusedLabel(chipLabel(folder, name), folder, constants, sensors);
  if (name !== undefined)
    constants.push({
      metric: temperatureMetrics.chip,
      labels: { chip, chip_name: name },
      value: 1,
    });
  // Old drivers have their files at the device.
  for (const place of [folder, `${folder}/device`]) {
    for (const file of namesIn(place)) {
      const [, sensor, kind] = /^((temp|fan)\d+)_input$/.exec(file) ?? [];
      if (sensor === undefined) continue;
      const labels = { chip, sensor };
      const isFan = kind === "fan";
      const metric = isFan ? temperatureMetrics.fan : temperatureMetrics.temperature;
      sensors.push({ path: `${place}/${file}`, metric, labels, unit: isFan ? 1 : 1_000 });
      const label = hostTextOrNone(await files.read(`${place}/${sensor}_label`));
      if (label !== undefined)
        constants.push({
          metric: temperatureMetrics.label,
          labels: { chip, sensor, label },
          value: 1,
        });
      if (!isFan) constants.push(...(await boundsOf(`${place}/${sensor}`, labels, files)));
    }
  }
}

async function boundsOf(path: string, labels: Labels, files: TimedFiles): Promise<Constant[]> {
  const bounds: Constant[] = [];
  for (const [suffix, metric] of [
    ["max", temperatureMetrics.highest],
    ["crit", temperatureMetrics.critical],
  ] as const) {
    const value = await files.readNumber(`${path}_${suffix}`);
    if (value !== undefined) bounds.push({ metric, labels, value: value / 1_000 });
  }
  return bounds;
}

/**
 * node_exporter's name of a chip: bus and device, which stay the same over reboots, while the numbers of `hwmon*` do
 * not; else the driver's name; else the folder's.
 */
function chipLabel(folder: string, name: string | undefined): string {
  const device = realPath(`${folder}/device`)?.split("/") ?? [];
  const parts = device.slice(-2).map(labelText);
  if (device.length >= 2 && parts.every((part) => part !== "")) return parts.join("_");
  const last = labelText(device.at(-1) ?? "");
  if (last !== "") return last;
  return labelText(name ?? "") || labelText(folder.split("/").at(-1) ?? "");
}

/** Two chips of one name, neither of which tells its device, are told apart by their folders. */
function unusedLabel(
  chip: string,
  folder: string,
  constants: readonly Constant[],
  sensors: readonly Sensor[],
): string {
  const isUsed = [...constants, ...sensors].some(({ labels }) => labels["chip"] === chip);
  return isUsed ? `${chip}_${labelText(folder.split("/").at(-1) ?? "")}` : chip;
}

function labelText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, "_")
    .replace(/^_+|_+$/g, "");
}
