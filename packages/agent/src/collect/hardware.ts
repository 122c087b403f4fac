/**
 * What a host is: maker and model, processors, memory, operating system, kernel, what it runs in, and whether it waits
 * for a restart. From `/proc`, `/sys/class/dmi/id`, the device tree and `/etc`. Serial numbers (readable by root only)
 * are details and never labels of a series.
 */
import { arch, release, type as systemType, version } from "node:os";
import { existsSync } from "node:fs";
import type { HostDetails } from "@belfry/contract";
import type { CollectorSpec, Roots } from "./collector.ts";
import { hostTextOrNone, present } from "./host-text.ts";
import { gauge } from "./metric.ts";
import { parseOsRelease } from "./os-release.ts";
import { readProcessor } from "./processor.ts";
import { linkTarget, readSmallFile } from "./small-file.ts";
import { virtualizationOf } from "./virtualization.ts";

export const hardwareMetrics = {
  os: gauge(
    "node_os_info",
    "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, pretty_name, variant, variant_id, version, version_codename, version_id.",
  ),
  osVersion: gauge("node_os_version", "Metric containing the major.minor part of the OS version."),
  dmi: gauge(
    "node_dmi_info",
    "A metric with a constant '1' value labeled by bios_date, bios_release, bios_vendor, bios_version, board_name, board_vendor, board_version, chassis_vendor, chassis_version, product_family, product_name, product_sku, product_version, system_vendor if provided by DMI.",
  ),
  reboot: gauge("node_reboot_required", "Node reboot is required for software updates."),
} as const;

type System = NonNullable<HostDetails["system"]>;
type Hardware = NonNullable<HostDetails["hardware"]>;

export const hardware: CollectorSpec = {
  name: "hardware",
  pace: 3_600,
  metrics: Object.values(hardwareMetrics),
  create({ roots }, { section, facts }) {
    return {
      collect() {
        const cpuinfo = readSmallFile(`${roots.proc}/cpuinfo`) ?? "";
        const osRelease = readOsRelease(roots.root);
        const uname = readUname(roots.proc);
        const dmi = readDmi(roots.sys);
        if (osRelease.size > 0) {
          section.put(hardwareMetrics.os, osLabels(osRelease), 1);
          const number = Number.parseFloat(osRelease.get("VERSION_ID") ?? "");
          const labels = pick(osRelease, ["ID", "ID_LIKE", "NAME"]);
          if (!Number.isNaN(number)) section.put(hardwareMetrics.osVersion, labels, number);
        }
        if (Object.keys(dmi).length > 0) section.put(hardwareMetrics.dmi, dmi, 1);
        const mustReboot = rebootRequired(roots.root);
        if (mustReboot !== undefined) section.put(hardwareMetrics.reboot, {}, mustReboot ? 1 : 0);
        facts.set("system", systemFact(roots, uname, osRelease, cpuinfo));
        facts.set("hardware", hardwareFact(roots, dmi, cpuinfo));
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};

type Labels = Readonly<Record<string, string>>;

function readUname(proc: string): Labels {
  const file = (name: string): string | undefined =>
    hostTextOrNone(readSmallFile(`${proc}/sys/kernel/${name}`));
  return {
    domainname: file("domainname") ?? "(none)",
    machine: machineOf(),
    nodename: file("hostname") ?? "",
    release: file("osrelease") ?? release(),
    sysname: file("ostype") ?? systemType(),
    version: file("version") ?? version(),
  };
}

/** As `uname -m` says it. */
function machineOf(): string {
  const names: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };
  return names[arch()] ?? arch();
}

function readOsRelease(root: string): ReadonlyMap<string, string> {
  const text =
    readSmallFile(`${root}/etc/os-release`) ?? readSmallFile(`${root}/usr/lib/os-release`) ?? "";
  return parseOsRelease(text);
}

function osLabels(values: ReadonlyMap<string, string>): Labels {
  return pick(values, [
    "BUILD_ID",
    "ID",
    "ID_LIKE",
    "IMAGE_ID",
    "IMAGE_VERSION",
    "NAME",
    "PRETTY_NAME",
    "VARIANT",
    "VARIANT_ID",
    "VERSION",
    "VERSION_CODENAME",
    "VERSION_ID",
  ]);
}

/** The keys that are there, in lower case as node_exporter's labels are. */
function pick(values: ReadonlyMap<string, string>, keys: readonly string[]): Labels {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = values.get(key);
      return value === undefined ? [] : [[key.toLowerCase(), value] as const];
    }),
  );
}

/** Label and file below `/sys/class/dmi/id`. */
const dmiFiles = [
  ["bios_date", "bios_date"],
  ["bios_release", "bios_release"],
  ["bios_vendor", "bios_vendor"],
  ["bios_version", "bios_version"],
  ["board_name", "board_name"],
  ["board_vendor", "board_vendor"],
  ["board_version", "board_version"],
  ["chassis_vendor", "chassis_vendor"],
  ["chassis_version", "chassis_version"],
  ["product_family", "product_family"],
  ["product_name", "product_name"],
  ["product_sku", "product_sku"],
  ["product_version", "product_version"],
  ["system_vendor", "sys_vendor"],
] as const;

function readDmi(sys: string): Labels {
  return Object.fromEntries(
    dmiFiles.flatMap(([label, file]) => {
      const text = hostTextOrNone(readSmallFile(`${sys}/class/dmi/id/${file}`), 256);
      return text === undefined ? [] : [[label, text] as const];
    }),
  );
}

/** Debian and its kin leave a file when a restart is due; on others nothing is known. */
function rebootRequired(root: string): boolean | undefined {
  if (existsSync(`${root}/run/reboot-required`)) return true;
  return existsSync(`${root}/etc/debian_version`) ? false : undefined;
}

function systemFact(
  roots: Roots,
  uname: Labels,
  osRelease: ReadonlyMap<string, string>,
  cpuinfo: string,
): System {
  return present<System>({
    hostname: uname["nodename"] ?? "",
    os: uname["sysname"],
    distribution: osRelease.get("PRETTY_NAME") ?? osRelease.get("NAME"),
    kernel: uname["release"],
    kernel_version: uname["version"],
    architecture: uname["machine"],
    virtualization: virtualizationOf(roots, cpuinfo),
    timezone: timezoneOf(roots.root),
  });
}

/** Name of the time zone in its data base: `Europe/Berlin`. */
function timezoneOf(root: string): string | undefined {
  const target = linkTarget(`${root}/etc/localtime`);
  const linked = target === undefined ? undefined : /zoneinfo\/(.+)$/.exec(target)?.[1];
  return hostTextOrNone(linked) ?? hostTextOrNone(readSmallFile(`${root}/etc/timezone`));
}

function hardwareFact(roots: Roots, dmi: Labels, cpuinfo: string): Hardware {
  const tree = `${roots.sys}/firmware/devicetree/base`;
  const secret = (name: string): string | undefined =>
    known(readSmallFile(`${roots.sys}/class/dmi/id/${name}`));
  const kib = /^MemTotal:\s*(\d+) kB/m.exec(readSmallFile(`${roots.proc}/meminfo`) ?? "")?.[1];
  return present<Hardware>({
    vendor: known(dmi["system_vendor"]),
    model: known(dmi["product_name"]) ?? known(readSmallFile(`${tree}/model`)),
    board: joined(known(dmi["board_vendor"]), known(dmi["board_name"])),
    bios: joined(known(dmi["bios_vendor"]), known(dmi["bios_version"]), known(dmi["bios_date"])),
    serial: secret("product_serial") ?? known(readSmallFile(`${tree}/serial-number`)),
    memory_bytes: kib === undefined ? undefined : Number(kib) * 1024,
    ...readProcessor(roots, cpuinfo),
  });
}

/** What makers of boards leave in fields they do not fill in. */
const fillers =
  /^(none|unknown|default string|not (specified|applicable|available)|n\/?a|to be filled.*|system (manufacturer|product name|serial number)|o\.e\.m\.?|0+|x+|\.+)$/i;

function known(raw: string | undefined): string | undefined {
  const text = hostTextOrNone(raw);
  return text === undefined || fillers.test(text) ? undefined : text;
}

function joined(...texts: readonly (string | undefined)[]): string | undefined {
  return hostTextOrNone(texts.filter((text) => text !== undefined).join(" "));
}
