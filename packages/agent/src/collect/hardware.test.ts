import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { hardware } from "./hardware.ts";
import { hostText } from "./host-text.ts";
import { parseOsRelease } from "./os-release.ts";
import { virtualizationOf } from "./virtualization.ts";

test("a server: maker, processors, system", async () => {
  using tree = fileTree("hardware/server.txt");
  using trial = new Trial(hardware, tree.root);
  const values = await trial.round();
  assert.deepEqual(trial.facts.hardware, {
    vendor: "Dell Inc.",
    model: "PowerEdge R630",
    board: "Dell Inc. 02C2CP",
    bios: "Dell Inc. 2.13.0 05/14/2021",
    serial: "ABC1234",
    memory_bytes: 65_738_896 * 1024,
    cpu_model: "Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz",
    physical_cores: 2,
    logical_cores: 4,
    sockets: 2,
    cpu_min_mhz: 1200,
    cpu_max_mhz: 2900,
  });
  const { architecture, ...system } = trial.facts.system ?? {};
  assert.ok(architecture === "x86_64" || architecture === "aarch64");
  assert.deepEqual(system, {
    hostname: "db1",
    os: "Linux",
    distribution: "Debian GNU/Linux 12 (bookworm)",
    kernel: "6.1.0-18-amd64",
    kernel_version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)",
    timezone: "Europe/Berlin",
  });
  assert.equal(values["node_reboot_required"], 1);
  assert.equal(values['node_os_version{id="debian",name="Debian GNU/Linux"}'], 12);
  const dmi = Object.keys(values).find((key) => key.startsWith("node_dmi_info")) ?? "";
  assert.match(dmi, /product_name="PowerEdge R630"/);
  assert.doesNotMatch(dmi, /ABC1234/, "a serial number is no label");
  const os = Object.keys(values).find((key) => key.startsWith("node_os_info")) ?? "";
  assert.match(os, /version_codename="bookworm"/);
});

test("a Raspberry Pi is known by its device tree, and its cores by their part number", async () => {
  using tree = fileTree("hardware/raspberry-pi.txt");
  using trial = new Trial(hardware, tree.root);
  const values = await trial.round();
  assert.deepEqual(trial.facts.hardware, {
    model: "Raspberry Pi 5 Model B Rev 1.0",
    serial: "000000001f2e3d",
    memory_bytes: 4_244_160 * 1024,
    cpu_model: "ARM Cortex-A76",
    physical_cores: 4,
    logical_cores: 4,
    sockets: 1,
  });
  assert.ok(!Object.keys(values).some((key) => key.startsWith("node_dmi_info")));
  assert.equal(values["node_reboot_required"], undefined);
});

const places: readonly {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly cpuinfo?: string;
  readonly expected: string | undefined;
}[] = [
  { name: "bare metal", files: {}, expected: undefined },
  { name: "Docker", files: { "/.dockerenv": "" }, expected: "docker" },
  { name: "Podman", files: { "/run/.containerenv": "" }, expected: "podman" },
  {
    name: "a container that told systemd",
    files: { "/run/systemd/container": "systemd-nspawn\n" },
    expected: "systemd-nspawn",
  },
  {
    name: "LXC, by the environment of its first process",
    files: { "/proc/1/environ": "PATH=/bin\0container=lxc\0" },
    expected: "lxc",
  },
  {
    name: "WSL",
    files: { "/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n" },
    expected: "wsl",
  },
  {
    name: "EC2",
    files: { "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n" },
    expected: "amazon",
  },
  {
    name: "KVM behind QEMU's firmware",
    files: { "/sys/class/dmi/id/sys_vendor": "QEMU\n" },
    cpuinfo: "flags\t\t: fpu hypervisor lahf_lm\n",
    expected: "kvm",
  },
  {
    name: "QEMU that emulates",
    files: { "/sys/class/dmi/id/sys_vendor": "QEMU\n" },
    expected: "qemu",
  },
  {
    name: "Hyper-V",
    files: {
      "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n",
      "/sys/class/dmi/id/product_name": "Virtual Machine\n",
    },
    expected: "microsoft",
  },
  {
    name: "a laptop by Microsoft",
    files: {
      "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n",
      "/sys/class/dmi/id/product_name": "Surface Pro 7\n",
    },
    expected: undefined,
  },
  {
    name: "a Chromebook by Google",
    files: {
      "/sys/class/dmi/id/sys_vendor": "Google\n",
      "/sys/class/dmi/id/product_name": "Eve\n",
    },
    expected: undefined,
  },
  {
    name: "a guest of Google's cloud",
    files: { "/sys/class/dmi/id/product_name": "Google Compute Engine\n" },
    expected: "google",
  },
  { name: "Xen", files: { "/sys/hypervisor/type": "xen\n" }, expected: "xen" },
  {
    name: "the machine that runs Xen's guests",
    files: { "/sys/hypervisor/type": "xen\n", "/proc/xen/capabilities": "control_d\n" },
    expected: undefined,
  },
  {
    name: "a guest that tells nothing but the flag",
    files: {},
    cpuinfo: "flags\t\t: fpu hypervisor\n",
    expected: "vm-other",
  },
];

for (const { name, files, cpuinfo = "", expected } of places)
  test(`runs in ${expected ?? "nothing"}: ${name}`, () => {
    using tree = fileTree();
    for (const [path, text] of Object.entries(files)) tree.write(path, text);
    const { root } = tree;
    const roots = { root, proc: `${root}/proc`, sys: `${root}/sys` };
    assert.equal(virtualizationOf(roots, cpuinfo), expected);
  });

test("os-release is read as a shell would", () => {
  const values = parseOsRelease(`ID=arch\nNAME='Arch Linux'\n# no\nX="a \\"b\\" \\$c"\nbad line\n`);
  assert.deepEqual(
    [...values],
    [
      ["ID", "arch"],
      ["NAME", "Arch Linux"],
      ["X", 'a "b" $c'],
    ],
  );
});

test("text of a host is bounded and clean", () => {
  assert.equal(hostText("  a\u0000b\u009bc\nd\u202ee "), "abcde");
  assert.equal(hostText("x".repeat(2_000)).length, 512);
  assert.equal(hostText(`${"x".repeat(511)}😀`), "x".repeat(511), "no half of a character");
  assert.equal(hostText("\ud800"), "\ufffd");
});
