/**
 * Batteries and mains: `/sys/class/power_supply/<name>/uevent` has everything a supply knows in one file, under the
 * kernel's names. Series are named as node_exporter does. A supply may take long to answer, see `TimedFiles`.
 */
import type { HostDetails } from "@belfry/contract";
import type { Metric } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { hostText, hostTextOrNone, present } from "./host-text.ts";
import { gauge } from "./metric.ts";
import { namesIn } from "./small-file.ts";
import { TimedFiles } from "./timed-files.ts";

/** Name after `node_power_supply_`, key in the file after `POWER_SUPPLY_`, and what one of its units is in the file. */
const numbers = [
  ["online", "ONLINE", 1],
  ["present", "PRESENT", 1],
  ["capacity", "CAPACITY", 1],
  ["cyclecount", "CYCLE_COUNT", 1],
  ["time_to_empty_seconds", "TIME_TO_EMPTY_NOW", 1],
  ["time_to_full_seconds", "TIME_TO_FULL_NOW", 1],
  ["current_ampere", "CURRENT_NOW", 1e6],
  ["voltage_volt", "VOLTAGE_NOW", 1e6],
  ["power_watt", "POWER_NOW", 1e6],
  ["energy_watthour", "ENERGY_NOW", 1e6],
  ["energy_full", "ENERGY_FULL", 1e6],
  ["energy_full_design", "ENERGY_FULL_DESIGN", 1e6],
  ["charge_ampere", "CHARGE_NOW", 1e6],
  ["charge_full", "CHARGE_FULL", 1e6],
  ["charge_full_design", "CHARGE_FULL_DESIGN", 1e6],
  ["temp_celsius", "TEMP", 10],
] as const;

/** Labels of `node_power_supply_info`; a serial number is nobody's business. */
const texts = [
  ["capacity_level", "CAPACITY_LEVEL"],
  ["health", "HEALTH"],
  ["manufacturer", "MANUFACTURER"],
  ["model_name", "MODEL_NAME"],
  ["status", "STATUS"],
  ["technology", "TECHNOLOGY"],
  ["type", "TYPE"],
] as const;

export const batteryMetrics = new Map<string, Metric>(
  [...numbers.map(([name]) => name), "info"].map((name) => [
    name,
    gauge(
      `node_power_supply_${name}`,
      name === "info"
        ? "info of /sys/class/power_supply/<power_supply>."
        : `${name} value of /sys/class/power_supply/<power_supply>.`,
    ),
  ]),
);

export const battery: CollectorSpec = {
  name: "battery",
  pace: 60,
  metrics: [...batteryMetrics.values()],
  create({ roots }, { section, facts }) {
    const files = new TimedFiles();
    const folder = `${roots.sys}/class/power_supply`;
    const put = (name: string, labels: Record<string, string>, value: number): void => {
      const metric = batteryMetrics.get(name);
      if (metric !== undefined) section.put(metric, labels, value);
    };
    return {
      async collect() {
        const batteries: NonNullable<HostDetails["batteries"]> = [];
        for (const name of namesIn(folder).slice(0, 64)) {
          const text = await files.read(`${folder}/${name}/uevent`);
          if (text === undefined) continue;
          const supply = parseSupply(text);
          const labels = { power_supply: hostText(name) };
          for (const [key, value] of supply.numbers) put(key, labels, value);
          put("info", { ...labels, ...supply.texts }, 1);
          if (supply.isBattery) batteries.push(batteryFact(name, supply));
        }
        files.forget(600_000);
        facts.set("batteries", batteries.length === 0 ? undefined : batteries.slice(0, 16));
      },
      [Symbol.dispose]: () => files[Symbol.dispose](),
    };
  },
};

interface Supply {
  /** By the name of the series, in volt, ampere, watt, degrees. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly texts: Readonly<Record<string, string>>;
  /** Whether the machine runs on it: the battery of a mouse is not the machine's. */
  readonly isBattery: boolean;
}

/** Parses the `uevent` of a supply. */
export function parseSupply(uevent: string): Supply {
  const values = new Map(
    uevent.split("\n").flatMap((line) => {
      const [, key, value] = /^POWER_SUPPLY_(\w+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
  const found = numbers.flatMap(([name, key, unit]) => {
    const text = values.get(key);
    return text !== undefined && /^-?\d+$/.test(text) ? [[name, Number(text) / unit] as const] : [];
  });
  const labels = texts.flatMap(([label, key]) => {
    const text = hostTextOrNone(values.get(key), 128);
    return text === undefined ? [] : [[label, text] as const];
  });
  return {
    numbers: new Map(found),
    texts: Object.fromEntries(labels),
    isBattery: values.get("TYPE") === "Battery" && values.get("SCOPE") !== "Device",
  };
}

function batteryFact(name: string, supply: Supply): NonNullable<HostDetails["batteries"]>[number] {
  const percent = supply.numbers.get("capacity");
  return present({
    name: hostText(name),
    status: supply.texts["status"],
    capacity_ratio: percent === undefined ? undefined : percent / 100,
  });
}
