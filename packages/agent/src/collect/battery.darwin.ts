/** Batteries of a Mac: `pmset -g batt`. Named as on Linux; macOS tells neither power nor energy without more rights. */
import type { HostDetails } from "@belfry/contract";
import { batteryMetrics } from "./battery.ts";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText } from "./host-text.ts";

export interface DarwinBattery {
  readonly name: string;
  readonly percent: number;
  /** charging, discharging, charged, AC attached … */
  readonly status: string;
  /** Until it is empty or full; undefined: not known. */
  readonly remainingSeconds: number | undefined;
}

export function createDarwinBattery(run: RunProgram): CollectorSpec {
  return {
    name: "battery",
    pace: 60,
    metrics: [...batteryMetrics.values()],
    create(_settings, { section, facts }) {
      const put = (name: string, labels: Record<string, string>, value: number): void => {
        const metric = batteryMetrics.get(name);
        if (metric !== undefined) section.put(metric, labels, value);
      };
      return {
        async collect() {
          const batteries = parseBatteries((await run("/usr/bin/pmset", ["-g", "batt"])) ?? "");
          for (const { name, percent, status, remainingSeconds } of batteries) {
            const labels = { power_supply: name };
            put("capacity", labels, percent);
            if (remainingSeconds !== undefined && status === "discharging")
              put("time_to_empty_seconds", labels, remainingSeconds);
            if (remainingSeconds !== undefined && status === "charging")
              put("time_to_full_seconds", labels, remainingSeconds);
            put("info", { ...labels, status, type: "Battery" }, 1);
          }
          const known = batteries.map(
            ({ name, status, percent }): NonNullable<HostDetails["batteries"]>[number] => ({
              name,
              status,
              capacity_ratio: percent / 100,
            }),
          );
          facts.set("batteries", known.length === 0 ? undefined : known);
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinBattery: CollectorSpec = createDarwinBattery(runProgram);

/** Lines like ` -InternalBattery-0 (id=4653155)	62%; discharging; 4:03 remaining present: true`. */
export function parseBatteries(output: string): readonly DarwinBattery[] {
  const lines = output.matchAll(
    /^ -(\S+?)(?: \(id=\d+\))?\s+(\d+)%; ([^;]+);(?: (\d+):(\d\d) remaining)?/gm,
  );
  return Array.from(lines, ([, name = "", percent, status = "", hours, minutes]) => ({
    name: hostText(name, 128),
    percent: Number(percent),
    status: hostText(status, 64),
    remainingSeconds:
      hours === undefined ? undefined : Number(hours) * 3_600 + Number(minutes) * 60,
  })).slice(0, 16);
}
