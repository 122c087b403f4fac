/**
 * What a host runs in, from files alone: the innermost container first, else the hypervisor. Names are those of
 * `systemd-detect-virt`. undefined on bare metal.
 */
import { existsSync } from "node:fs";
import type { Roots } from "./collector.ts";
import { hostText } from "./host-text.ts";
import { readSmallFile } from "./small-file.ts";

/** What firmware of virtual machines calls itself: in vendor and product of the system, and vendor of the BIOS. */
const firmware: readonly (readonly [RegExp, string])[] = [
  [/amazon ec2/i, "amazon"],
  [/google compute engine/i, "google"],
  [/vmware|vmw\b/i, "vmware"],
  [/innotek|virtualbox|oracle corporation.*virtualbox/i, "oracle"],
  [/microsoft corporation[\s\S]*virtual machine/i, "microsoft"],
  [/parallels/i, "parallels"],
  [/bhyve/i, "bhyve"],
  [/apple virtualization/i, "apple"],
  [/\bxen\b/i, "xen"],
  [/\bkvm\b|openstack|kubevirt|rhev|ovirt/i, "kvm"],
  [/qemu|bochs/i, "qemu"],
];

/** Finds it. `cpuinfo`: text of `/proc/cpuinfo`, as far as it was read. */
export function virtualizationOf(roots: Roots, cpuinfo: string): string | undefined {
  return containerOf(roots) ?? hypervisorOf(roots, cpuinfo);
}

function containerOf({ root, proc }: Roots): string | undefined {
  const told = readSmallFile(`${root}/run/systemd/container`);
  if (told !== undefined && told.trim() !== "") return hostText(told, 64);
  if (existsSync(`${root}/run/.containerenv`)) return "podman";
  if (existsSync(`${root}/.dockerenv`)) return "docker";
  const environment = readSmallFile(`${proc}/1/environ`) ?? "";
  const variable = environment.split("\0").find((entry) => entry.startsWith("container="));
  const name = hostText(variable?.slice("container=".length) ?? "", 64);
  if (name !== "") return name;
  const release = readSmallFile(`${proc}/sys/kernel/osrelease`) ?? "";
  return /microsoft/i.test(release) && /wsl/i.test(release) ? "wsl" : undefined;
}

function hypervisorOf({ proc, sys }: Roots, cpuinfo: string): string | undefined {
  const hypervisor = readSmallFile(`${sys}/hypervisor/type`)?.trim();
  // The machine that runs Xen's guests sees the hypervisor too, and is bare metal.
  const isControl = readSmallFile(`${proc}/xen/capabilities`)?.includes("control_d") ?? false;
  if (hypervisor !== undefined && hypervisor !== "" && !isControl) return hostText(hypervisor, 64);
  const texts = ["sys_vendor", "product_name", "board_vendor", "bios_vendor"].map(
    (name) => readSmallFile(`${sys}/class/dmi/id/${name}`) ?? "",
  );
  const known = firmware.find(([pattern]) => pattern.test(texts.join("\n")));
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo);
  // QEMU's firmware says what emulates; the flag says that the processor is real.
  if (known !== undefined) return known[1] === "qemu" && isGuest ? "kvm" : known[1];
  const tree = `${sys}/firmware/devicetree/base/hypervisor/compatible`;
  const compatible = readSmallFile(tree)?.replaceAll("\0", " ") ?? "";
  if (/kvm/.test(compatible)) return "kvm";
  if (/xen/.test(compatible)) return "xen";
  return isGuest || compatible !== "" ? "vm-other" : undefined;
}
