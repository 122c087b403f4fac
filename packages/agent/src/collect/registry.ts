/** Every collector, per platform. Adding one is a line here. A sample lists its series in this order. */
import type { CollectorSpec } from "./collector.ts";
import { battery } from "./battery.ts";
import { container } from "./container.ts";
import { cpu } from "./cpu.ts";
import { cpuFrequency } from "./cpu-frequency.ts";
import { disk } from "./disk.ts";
import { filesystem } from "./filesystem.ts";
import { hardware } from "./hardware.ts";
import { interfaces } from "./interfaces.ts";
import { kernelTables } from "./kernel-tables.ts";
import { limits } from "./limits.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { netstat } from "./netstat.ts";
import { network } from "./network.ts";
import { pressure } from "./pressure.ts";
import { process } from "./process.ts";
import { sockstat } from "./sockstat.ts";
import { temperature } from "./temperature.ts";
import { uname } from "./uname.ts";
import { unit } from "./unit.ts";
import { user } from "./user.ts";
import { vmstat } from "./vmstat.ts";
import { zram } from "./zram.ts";

const linux: readonly CollectorSpec[] = [
  // core
  cpu,
  load,
  pressure,
  memory,
  vmstat,
  filesystem,
  disk,
  network,
  netstat,
  sockstat,
  // at paces of their own
  uname,
  interfaces,
  limits,
  cpuFrequency,
  kernelTables,
  zram,
  temperature,
  battery,
  process,
  unit,
  container,
  user,
  hardware,
];

const darwin: readonly CollectorSpec[] = [];

/** The collectors of a platform (as `process.platform` names it); none where Belfry has none. */
export function collectorsFor(platform: NodeJS.Platform): readonly CollectorSpec[] {
  if (platform === "linux") return linux;
  return platform === "darwin" ? darwin : [];
}
