/** Every collector, per platform. Adding one is a line here. A sample lists its series in this order. */
import type { CollectorSpec } from "./collector.ts";
import { battery } from "./battery.ts";
import { darwinBattery } from "./battery.darwin.ts";
import { container } from "./container.ts";
import { cpu } from "./cpu.ts";
import { darwinCpu } from "./cpu.darwin.ts";
import { cpuFrequency } from "./cpu-frequency.ts";
import { disk } from "./disk.ts";
import { darwinDisk } from "./disk.darwin.ts";
import { filesystem } from "./filesystem.ts";
import { darwinFilesystem } from "./filesystem.darwin.ts";
import { hardware } from "./hardware.ts";
import { darwinHardware } from "./hardware.darwin.ts";
import { interfaces } from "./interfaces.ts";
import { kernelTables } from "./kernel-tables.ts";
import { limits } from "./limits.ts";
import { load } from "./load.ts";
import { darwinLoad } from "./load.darwin.ts";
import { memory } from "./memory.ts";
import { darwinMemory } from "./memory.darwin.ts";
import { netstat } from "./netstat.ts";
import { network } from "./network.ts";
import { darwinNetwork } from "./network.darwin.ts";
import { pressure } from "./pressure.ts";
import { process } from "./process.ts";
import { darwinProcess } from "./process.darwin.ts";
import { sockstat } from "./sockstat.ts";
import { temperature } from "./temperature.ts";
import { uname } from "./uname.ts";
import { unit } from "./unit.ts";
import { user } from "./user.ts";
import { darwinUser } from "./user.darwin.ts";
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

/** No temperatures: macOS tells them to the superuser only. */
const darwin: readonly CollectorSpec[] = [
  // core
  darwinCpu,
  darwinLoad,
  // at paces of their own: each of them runs a program
  darwinMemory,
  darwinFilesystem,
  darwinDisk,
  darwinNetwork,
  darwinBattery,
  darwinProcess,
  container,
  darwinUser,
  darwinHardware,
];

/** The collectors of a platform (as `process.platform` names it); none where Belfry has none. */
export function collectorsFor(platform: NodeJS.Platform): readonly CollectorSpec[] {
  if (platform === "linux") return linux;
  return platform === "darwin" ? darwin : [];
}
