/** What the processors of a host are: model, cores, sockets, bounds of the clock. */
import type { HostDetails } from "@belfry/contract";
import type { Roots } from "./collector.ts";
import { hostTextOrNone, present } from "./host-text.ts";
import { namesIn, readSmallFile } from "./small-file.ts";

type Hardware = NonNullable<HostDetails["hardware"]>;
export type Processor = Pick<
  Hardware,
  "cpu_model" | "physical_cores" | "logical_cores" | "sockets" | "cpu_min_mhz" | "cpu_max_mhz"
>;

/** Part numbers in `/proc/cpuinfo` of ARM's own cores and of those built on them, which have no names there. */
const armParts: Readonly<Record<string, string>> = {
  "0x41:0xd03": "ARM Cortex-A53",
  "0x41:0xd04": "ARM Cortex-A35",
  "0x41:0xd05": "ARM Cortex-A55",
  "0x41:0xd07": "ARM Cortex-A57",
  "0x41:0xd08": "ARM Cortex-A72",
  "0x41:0xd09": "ARM Cortex-A73",
  "0x41:0xd0a": "ARM Cortex-A75",
  "0x41:0xd0b": "ARM Cortex-A76",
  "0x41:0xd0c": "ARM Neoverse-N1",
  "0x41:0xd40": "ARM Neoverse-V1",
  "0x41:0xd41": "ARM Cortex-A78",
  "0x41:0xd49": "ARM Neoverse-N2",
  "0x41:0xd4f": "ARM Neoverse-V2",
};

/** Reads it; `cpuinfo` is the text of `/proc/cpuinfo`. */
export function readProcessor({ sys }: Roots, cpuinfo: string): Processor {
  const folder = `${sys}/devices/system/cpu`;
  const cores = new Set<string>();
  const sockets = new Set<string>();
  let logical = 0;
  for (const name of namesIn(folder)) {
    if (!/^cpu\d+$/.test(name)) continue;
    // A core that is switched off has no topology.
    const socket = readSmallFile(`${folder}/${name}/topology/physical_package_id`)?.trim();
    const core = readSmallFile(`${folder}/${name}/topology/core_id`)?.trim();
    if (socket === undefined || core === undefined) continue;
    logical += 1;
    sockets.add(socket);
    cores.add(`${socket}:${core}`);
  }
  const listed = cpuinfo.match(/^processor\s*:/gm)?.length ?? 0;
  return present<Processor>({
    cpu_model: modelOf(cpuinfo),
    physical_cores: cores.size || undefined,
    logical_cores: logical || listed || undefined,
    sockets: sockets.size || undefined,
    ...boundsOf(`${folder}/cpufreq`),
  });
}

function modelOf(cpuinfo: string): string | undefined {
  const named = /^(?:model name|Processor|cpu model)\s*:(.*)$/m.exec(cpuinfo)?.[1];
  const model = hostTextOrNone(named?.replace(/\s+/g, " "));
  if (model !== undefined) return model;
  const parts = cpuinfo.matchAll(/^CPU implementer\s*:\s*(\S+)[\s\S]*?^CPU part\s*:\s*(\S+)/gm);
  // Machines with large and small cores have both.
  const names = new Set([...parts].map(([, maker, part]) => armParts[`${maker}:${part}`]));
  return hostTextOrNone([...names].filter((name) => name !== undefined).join(", "));
}

function boundsOf(folder: string): {
  cpu_min_mhz: number | undefined;
  cpu_max_mhz: number | undefined;
} {
  const bounds = (file: string): number[] =>
    namesIn(folder)
      .filter((name) => name.startsWith("policy"))
      .map((name) => Number(readSmallFile(`${folder}/${name}/${file}`) ?? Number.NaN) / 1000)
      .filter((mhz) => mhz > 0);
  const least = bounds("cpuinfo_min_freq");
  const most = bounds("cpuinfo_max_freq");
  return {
    cpu_min_mhz: least.length === 0 ? undefined : Math.min(...least),
    cpu_max_mhz: most.length === 0 ? undefined : Math.max(...most),
  };
}
