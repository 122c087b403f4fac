/** What a Mac is: `sysctl`, `sw_vers` and, for the serial number, `ioreg`. */
import { arch, hostname, release, type as systemType, version } from "node:os";
import type { HostDetails } from "@belfry/contract";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { parseSysctl } from "./darwin/sysctl.ts";
import { hardwareMetrics } from "./hardware.ts";
import { hostText, hostTextOrNone, present } from "./host-text.ts";
import { gauge } from "./metric.ts";
import { linkTarget } from "./small-file.ts";

type System = NonNullable<HostDetails["system"]>;
type Hardware = NonNullable<HostDetails["hardware"]>;

const uname = gauge(
  "node_uname_info",
  "Labeled system information as provided by the uname system call.",
);
const sysctlNames = [
  "hw.model",
  "hw.memsize",
  "hw.physicalcpu",
  "hw.logicalcpu",
  "hw.packages",
  "hw.cpufrequency_min",
  "hw.cpufrequency_max",
  "machdep.cpu.brand_string",
  "kern.hv_vmm_present",
];

export function createDarwinHardware(run: RunProgram): CollectorSpec {
  return {
    name: "hardware",
    pace: 3_600,
    metrics: [uname, hardwareMetrics.os],
    create({ roots }, { section, facts }) {
      return {
        async collect() {
          const sysctl = parseSysctl((await run("/usr/sbin/sysctl", sysctlNames)) ?? "");
          const os = parseSwVers((await run("/usr/bin/sw_vers", [])) ?? "");
          const expert = ["-c", "IOPlatformExpertDevice", "-d", "2"];
          const platform = (await run("/usr/sbin/ioreg", expert)) ?? "";
          const system = systemFact(sysctl, os, linkTarget(`${roots.root}/etc/localtime`));
          section.put(uname, unameLabels(system), 1);
          if (Object.keys(os).length > 0) section.put(hardwareMetrics.os, osLabels(os), 1);
          facts.set("system", system);
          facts.set("hardware", hardwareFact(sysctl, platform));
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinHardware: CollectorSpec = createDarwinHardware(runProgram);

interface Product {
  /** `macOS` */
  readonly name?: string;
  /** `14.4.1` */
  readonly version?: string;
  /** `23E224` */
  readonly build?: string;
}

/** Lines of `sw_vers`: `ProductVersion:		14.4.1`. */
export function parseSwVers(output: string): Product {
  const value = (name: string): string | undefined =>
    hostTextOrNone(new RegExp(`^${name}:(.*)$`, "m").exec(output)?.[1], 128);
  return present<Product>({
    name: value("ProductName"),
    version: value("ProductVersion"),
    build: value("BuildVersion"),
  });
}

function unameLabels(system: System): Readonly<Record<string, string>> {
  return {
    sysname: system.os ?? "",
    release: system.kernel ?? "",
    version: system.kernel_version ?? "",
    nodename: system.hostname,
    domainname: "(none)",
    machine: system.architecture ?? "",
  };
}

function osLabels({ name, version: number, build }: Product): Readonly<Record<string, string>> {
  return present<Record<string, string>>({
    build_id: build,
    name,
    pretty_name: name === undefined ? undefined : hostText(`${name} ${number ?? ""}`),
    version_id: number,
  });
}

function systemFact(
  sysctl: ReadonlyMap<string, string>,
  { name, version: number }: Product,
  localtime: string | undefined,
): System {
  return present<System>({
    hostname: hostText(hostname()),
    os: systemType(),
    distribution: name === undefined ? undefined : hostText(`${name} ${number ?? ""}`),
    kernel: hostText(release()),
    kernel_version: hostText(version()),
    architecture: arch() === "x64" ? "x86_64" : arch(),
    virtualization: sysctl.get("kern.hv_vmm_present") === "1" ? "vm-other" : undefined,
    timezone: hostTextOrNone(/zoneinfo\/(.+)$/.exec(localtime ?? "")?.[1]),
  });
}

function hardwareFact(sysctl: ReadonlyMap<string, string>, platform: string): Hardware {
  const number = (name: string): number | undefined => {
    const value = Number(sysctl.get(name) ?? Number.NaN);
    return value > 0 ? value : undefined;
  };
  const mhz = (name: string): number | undefined => {
    const hertz = number(name);
    return hertz === undefined ? undefined : hertz / 1e6;
  };
  return present<Hardware>({
    vendor: "Apple",
    model: hostTextOrNone(sysctl.get("hw.model")),
    serial: hostTextOrNone(/"IOPlatformSerialNumber" = "([^"]*)"/.exec(platform)?.[1]),
    cpu_model: hostTextOrNone(sysctl.get("machdep.cpu.brand_string")),
    physical_cores: number("hw.physicalcpu"),
    logical_cores: number("hw.logicalcpu"),
    sockets: number("hw.packages"),
    cpu_min_mhz: mhz("hw.cpufrequency_min"),
    cpu_max_mhz: mhz("hw.cpufrequency_max"),
    memory_bytes: number("hw.memsize"),
  });
}
