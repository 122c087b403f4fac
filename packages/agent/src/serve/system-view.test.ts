import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostDetails } from "@belfry/contract";
import { sampleOf } from "./sample.kit.ts";
import { systemView, type SystemViewSettings } from "./system-view.ts";

const at = Date.parse("2026-02-03T10:30:00.123Z");

const lines = [
  'node_cpu_seconds_total{cpu="0",mode="user"} 30',
  'node_cpu_seconds_total{cpu="0",mode="idle"} 70',
  'node_cpu_seconds_total{cpu="1",mode="user"} 10',
  'node_cpu_seconds_total{cpu="1",mode="iowait"} 10',
  'node_cpu_seconds_total{cpu="1",mode="idle"} 80',
  'node_cpu_scaling_frequency_hertz{cpu="0"} 2000000000',
  'node_cpu_scaling_frequency_hertz{cpu="1"} 3000000000',
  "belfry_host_cpu_ratio 0.1234",
  "belfry_host_cpu_cores 2",
  "node_memory_MemTotal_bytes 1000000",
  "node_memory_MemFree_bytes 200000",
  "node_memory_MemAvailable_bytes 600000",
  "node_memory_Buffers_bytes 50000",
  "node_memory_Cached_bytes 300000",
  "node_memory_SReclaimable_bytes 20000",
  "node_memory_Active_bytes 400000",
  "node_memory_Inactive_bytes 100000",
  "node_memory_Shmem_bytes 30000",
  "node_memory_Slab_bytes 40000",
  "node_memory_SwapTotal_bytes 1000",
  "node_memory_SwapFree_bytes 750",
  "node_vmstat_pswpin 2",
  "node_vmstat_pswpout 3",
  'node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 1000',
  'node_filesystem_free_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 500',
  'node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 400',
  'node_filesystem_size_bytes{device="/dev/sdb1",fstype="ext4",mountpoint="/data"} 2000',
  'node_filesystem_free_bytes{device="/dev/sdb1",fstype="ext4",mountpoint="/data"} 2000',
  'node_filesystem_avail_bytes{device="/dev/sdb1",fstype="ext4",mountpoint="/data"} 2000',
  'node_disk_reads_completed_total{device="sda"} 10',
  'node_disk_reads_completed_total{device="sda1"} 9',
  'node_disk_reads_completed_total{device="nvme0n1"} 5',
  'node_disk_writes_completed_total{device="sda"} 20',
  'node_disk_read_bytes_total{device="sda"} 4096',
  'node_disk_written_bytes_total{device="sda"} 8192',
  'node_disk_read_time_seconds_total{device="sda"} 1.5',
  'node_disk_write_time_seconds_total{device="sda"} 2.5',
  'node_disk_reads_merged_total{device="sda"} 1',
  'node_disk_writes_merged_total{device="sda"} 2',
  'node_disk_io_time_seconds_total{device="sda"} 3.25',
  'node_network_receive_bytes_total{device="eth0"} 100',
  'node_network_receive_bytes_total{device="lo"} 7',
  'node_network_transmit_bytes_total{device="eth0"} 200',
  'node_network_receive_packets_total{device="eth0"} 3',
  'node_network_transmit_packets_total{device="eth0"} 4',
  'node_network_receive_errs_total{device="eth0"} 5',
  'node_network_transmit_errs_total{device="eth0"} 6',
  'node_network_receive_drop_total{device="eth0"} 7',
  'node_network_transmit_drop_total{device="eth0"} 8',
  'node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 51.25',
  'node_hwmon_temp_celsius{chip="nvme_nvme0",sensor="temp1"} 63',
  "belfry_host_temperature_celsius 63",
  "node_load1 0.5",
  "node_load5 0.25",
  "node_load15 0.125",
  `node_boot_time_seconds ${at / 1000 - (86_400 + 10 * 3600 + 17 * 60 + 5)}`,
];

const details: HostDetails = {
  system: {
    hostname: "web-1",
    os: "Linux",
    kernel: "6.12.0-amd64",
    kernel_version: "#1 SMP",
    architecture: "x86_64",
  },
  hardware: { cpu_model: "Some CPU", physical_cores: 1, logical_cores: 2, model: "Box 9" },
  interfaces: [
    { name: "lo", up: true, mtu: 65_536, addresses: [{ address: "127.0.0.1", prefix: 8 }] },
    { name: "eth1", up: false, addresses: [{ address: "10.0.0.9", prefix: 8 }] },
    {
      name: "eth0",
      up: true,
      mtu: 1500,
      speed_mbps: 1000,
      duplex: "full",
      addresses: [
        { address: "fe80::1", prefix: 64 },
        { address: "192.168.1.5", prefix: 20, broadcast: "192.168.15.255" },
      ],
    },
  ],
  containers: {
    engine: "docker",
    total: 2,
    running: 1,
    list: [{ id: "abc", name: "db", image: "postgres:18", state: "running", status: "Up 2 days" }],
  },
};

const settings: SystemViewSettings = {
  diskPath: "/",
  version: "0.1.0",
  uname: {
    hostname: "uname-host",
    os: "Linux",
    release: "6.0",
    version: "#2",
    architecture: "aarch64",
  },
};

const view = systemView(sampleOf(at, lines), null, details, settings);

/** Every field the System Stats Service documents, and the later ones: path, type, value here. */
const fields: readonly (readonly [path: string, type: string, value: unknown])[] = [
  ["collected_at", "string", "2026-02-03T10:30:00.123000+00:00"],
  ["cpu.percent", "number", 12.3],
  ["cpu.cores_percent", "object", [30, 10]],
  ["cpu.logical_cores", "number", 2],
  ["cpu.physical_cores", "number", 1],
  ["cpu.frequency_mhz", "number", 2500],
  ["cpu.min_frequency_mhz", "number", 0],
  ["cpu.max_frequency_mhz", "number", 0],
  ["cpu.processor", "string", "Some CPU"],
  ["cpu.temperature_c", "number", 51.3],
  ["load_avg.load1", "number", 0.5],
  ["load_avg.load5", "number", 0.25],
  ["load_avg.load15", "number", 0.125],
  ["memory.total", "number", 1_000_000],
  ["memory.available", "number", 600_000],
  ["memory.percent", "number", 40],
  ["memory.used", "number", 430_000],
  ["memory.free", "number", 200_000],
  ["memory.active", "number", 400_000],
  ["memory.inactive", "number", 100_000],
  ["memory.buffers", "number", 50_000],
  ["memory.cached", "number", 320_000],
  ["memory.shared", "number", 30_000],
  ["memory.slab", "number", 40_000],
  ["swap.total", "number", 1000],
  ["swap.used", "number", 250],
  ["swap.free", "number", 750],
  ["swap.percent", "number", 25],
  ["swap.sin", "number", 8192],
  ["swap.sout", "number", 12_288],
  ["disk.total", "number", 1000],
  ["disk.used", "number", 500],
  ["disk.free", "number", 400],
  ["disk.percent", "number", 55.6],
  ["disk.mount", "string", "/"],
  ["disk_io.read_count", "number", 15],
  ["disk_io.write_count", "number", 20],
  ["disk_io.read_bytes", "number", 4096],
  ["disk_io.write_bytes", "number", 8192],
  ["disk_io.read_time", "number", 1500],
  ["disk_io.write_time", "number", 2500],
  ["disk_io.read_merged_count", "number", 1],
  ["disk_io.write_merged_count", "number", 2],
  ["disk_io.busy_time", "number", 3250],
  ["network.io_counters.bytes_sent", "number", 200],
  ["network.io_counters.bytes_recv", "number", 107],
  ["network.io_counters.packets_sent", "number", 4],
  ["network.io_counters.packets_recv", "number", 3],
  ["network.io_counters.errin", "number", 5],
  ["network.io_counters.errout", "number", 6],
  ["network.io_counters.dropin", "number", 7],
  ["network.io_counters.dropout", "number", 8],
  ["network.primary_interface.name", "string", "eth0"],
  ["network.primary_interface.ipv4", "string", "192.168.1.5"],
  ["network.primary_interface.netmask", "string", "255.255.240.0"],
  ["network.primary_interface.broadcast", "string", "192.168.15.255"],
  ["network.primary_interface.speed_mbps", "number", 1000],
  ["network.primary_interface.mtu", "number", 1500],
  ["network.primary_interface.duplex", "string", "full"],
  ["network.interfaces.0.name", "string", "lo"],
  ["network.interfaces.0.netmask", "string", "255.0.0.0"],
  ["network.interfaces.0.duplex", "string", "unknown"],
  ["network.interfaces.1.name", "string", "eth0"],
  ["network.interfaces.2", "undefined", undefined],
  ["uptime.seconds", "number", 86_400 + 10 * 3600 + 17 * 60 + 5],
  ["uptime.human", "string", "1d 10h 17m"],
  ["system.hostname", "string", "web-1"],
  ["system.os", "string", "Linux"],
  ["system.os_release", "string", "6.12.0-amd64"],
  ["system.os_version", "string", "#1 SMP"],
  ["system.architecture", "string", "x86_64"],
  ["system.platform", "string", "Linux-6.12.0-amd64-x86_64"],
  ["system.model", "string", "Box 9"],
  ["docker.available", "boolean", true],
  ["docker.running", "number", 1],
  ["docker.total", "number", 2],
  ["docker.containers.0.id", "string", "abc"],
  ["docker.containers.0.name", "string", "db"],
  ["docker.containers.0.image", "string", "postgres:18"],
  ["docker.containers.0.state", "string", "running"],
  ["docker.containers.0.status", "string", "Up 2 days"],
  ["docker.containers.0.ports", "string", ""],
  ["statix_client_version", "string", "0.1.0"],
];

function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

describe("/system", () => {
  const onWire: unknown = JSON.parse(JSON.stringify(view));

  for (const [path, type, value] of fields) {
    it(`has ${path}`, () => {
      const found = valueAt(onWire, path);
      assert.equal(typeof found, type);
      assert.deepEqual(found, value);
    });
  }

  it("gives the time of boot with the offset of the time zone", () => {
    const { boot_time: bootTime = "" } = view.uptime ?? {};
    assert.match(bootTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
    assert.equal(Date.parse(bootTime), Math.floor(at / 1000 - (view.uptime?.seconds ?? 0)) * 1000);
  });

  it("gives the cores over the time since the sample before", () => {
    const later = sampleOf(at + 5000, [
      'node_cpu_seconds_total{cpu="0",mode="user"} 34',
      'node_cpu_seconds_total{cpu="0",mode="idle"} 71',
      'node_cpu_seconds_total{cpu="1",mode="user"} 10',
      'node_cpu_seconds_total{cpu="1",mode="iowait"} 12.5',
      'node_cpu_seconds_total{cpu="1",mode="idle"} 82.5',
    ]);
    const next = systemView(later, sampleOf(at, lines), {}, settings);
    assert.deepEqual(next.cpu.cores_percent, [80, 0]);
    assert.equal(next.cpu.percent, 40);
  });

  it("shows the file system a path is on", () => {
    const other = systemView(sampleOf(at, lines), null, {}, { ...settings, diskPath: "/data/db" });
    assert.deepEqual(other.disk, {
      total: 2000,
      used: 0,
      free: 2000,
      percent: 0,
      mount: "/data/db",
    });
  });

  it("has null for what a host does not have, never zero", () => {
    const bare = systemView(sampleOf(at, []), null, {}, settings);
    assert.deepEqual(
      [bare.cpu.percent, bare.memory, bare.swap, bare.disk, bare.disk_io, bare.uptime],
      [null, null, null, null, null, null],
    );
    assert.deepEqual(bare.network, { io_counters: null, primary_interface: null, interfaces: [] });
    assert.deepEqual(bare.cpu.frequency_mhz, null);
    assert.deepEqual(bare.docker, { available: false, error: "not_installed" });
    assert.equal(bare.system.hostname, "uname-host");
    assert.equal(bare.system.platform, "Linux-6.0-aarch64");
  });

  for (const [error, shown] of [
    ["permission_denied", "permission_denied"],
    ["timeout", "timeout"],
    ["not_running", "daemon_not_running"],
    ["something else", "unknown"],
  ] as const) {
    it(`says ${shown} of an engine that cannot be asked (${error})`, () => {
      const containers = { engine: "docker", total: 0, running: 0, list: [], error };
      const { docker } = systemView(sampleOf(at, []), null, { containers }, settings);
      assert.deepEqual(docker, { available: false, error: shown });
    });
  }

  for (const [seconds, human] of [
    [0, "0m"],
    [59, "0m"],
    [60, "1m"],
    [3600, "1h"],
    [86_400 + 60, "1d 1m"],
  ] as const) {
    it(`says ${human} for ${seconds} s`, () => {
      const sample = sampleOf(at, [`node_boot_time_seconds ${at / 1000 - seconds}`]);
      assert.equal(systemView(sample, null, {}, settings).uptime?.human, human);
    });
  }
});
