import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostEntry } from "../../../model/host-entry.ts";
import { createId } from "../../../model/id.ts";
import { snapshotMetrics, snapshotOf } from "./snapshot.ts";

const at = Date.UTC(2026, 0, 2, 10, 17);

const noFigures = {
  cpuRatio: null,
  memoryRatio: null,
  swapRatio: null,
  diskRatio: null,
  fullestDiskRatio: null,
  diskRead: null,
  diskWrite: null,
  networkReceive: null,
  networkTransmit: null,
  temperature: null,
  load1: null,
  load5: null,
  load15: null,
  bootTime: null,
  cores: null,
};

const entry: HostEntry = {
  host: {
    id: createId<"monitor">(at),
    identity: "machine:1",
    names: ["web-1"],
    bootId: "1",
    agentVersion: "1.2.3",
    intervalMs: 5000,
    agentLabels: {},
    nameIsChosen: false,
    silentAfterMs: null,
    retentionMs: null,
    clonedFrom: null,
    lastHeardAt: at,
    createdAt: at,
  },
  lastHeardAt: at,
  lastSampleAt: at,
  clockOffsetMs: 0,
  seriesCount: 300,
  figures: noFigures,
  addresses: [],
  notices: [],
  trend: { stepMs: 120_000, mean: () => null },
};

const sample = (name: string, value: number, labels: Record<string, string> = {}) => ({
  key: { name, labels },
  value,
});

describe("the snapshot of a host with Belfry's agent", () => {
  test("has what the dashboard's cards draw", () => {
    const figures = {
      ...noFigures,
      cpuRatio: 0.1234,
      memoryRatio: 0.5,
      swapRatio: 0.25,
      diskRatio: 0.9,
      diskRead: 1_048_576,
      diskWrite: 0,
      bootTime: at / 1000 - 86_400 - 36_000 - 17 * 60,
      load1: 1,
    };
    const latest = [
      sample("node_memory_MemTotal_bytes", 1000),
      sample("node_memory_MemAvailable_bytes", 600),
      sample("node_memory_SwapTotal_bytes", 400),
      sample("node_memory_SwapFree_bytes", 300),
      sample("node_filesystem_size_bytes", 5000, { mountpoint: "/data" }),
      sample("node_filesystem_size_bytes", 100, { mountpoint: "/" }),
      sample("node_filesystem_avail_bytes", 10, { mountpoint: "/" }),
    ];
    const details = {
      system: { hostname: "web-1", os: "Linux", kernel: "6.1.0", architecture: "x86_64" },
      hardware: { model: "NUC", cpu_model: "Fast CPU", physical_cores: 2, logical_cores: 4 },
      interfaces: [
        { name: "lo", up: true, addresses: [{ address: "127.0.0.1", prefix: 8 }] },
        { name: "eth1", up: false, addresses: [{ address: "10.9.9.9", prefix: 8 }] },
        {
          name: "eth0",
          up: true,
          mtu: 1500,
          speed_mbps: 1000,
          duplex: "full",
          addresses: [
            { address: "fe80::1", prefix: 64 },
            { address: "10.0.0.5", prefix: 22, broadcast: "10.0.3.255" },
          ],
        },
      ],
    };
    const found = snapshotOf({ ...entry, figures }, details, latest, at);
    assert.deepEqual(
      {
        cpu: found["cpu"],
        disk: found["disk"],
        network: found["network"],
        swap: found["swap"],
        uptime: found["uptime"],
        throughput: found["throughput"],
      },
      {
        cpu: {
          percent: 12.3,
          logical_cores: 4,
          physical_cores: 2,
          frequency_mhz: null,
          min_frequency_mhz: null,
          max_frequency_mhz: null,
          processor: "Fast CPU",
          temperature_c: null,
        },
        disk: { total: 100, used: 90, free: 10, mount: "/", percent: 90 },
        network: {
          primary_interface: {
            name: "eth0",
            ipv4: "10.0.0.5",
            netmask: "255.255.252.0",
            broadcast: "10.0.3.255",
            speed_mbps: 1000,
            mtu: 1500,
            duplex: "full",
          },
        },
        swap: { total: 400, free: 300, used: 100, percent: 25 },
        uptime: {
          seconds: 86_400 + 36_000 + 17 * 60,
          boot_time: "2026-01-01T00:00:00.000Z",
          human: "1d 10h 17m",
        },
        throughput: {
          disk_read_bytes_per_sec: 1_048_576,
          disk_read_mb_per_sec: 1,
          disk_write_bytes_per_sec: 0,
          disk_write_mb_per_sec: 0,
        },
      },
    );
    const memory = found["memory"] as Record<string, unknown>;
    assert.deepEqual([memory["total"], memory["used"], memory["percent"]], [1000, 400, 50]);
  });

  test("of nothing known has null everywhere and is still a snapshot", () => {
    const found = snapshotOf(entry, {}, [], at);
    assert.deepEqual(Object.keys(found), Object.keys(found).toSorted());
    assert.equal(found["uptime"], null);
    assert.deepEqual(found["network"], { primary_interface: null });
    assert.equal(new Set(snapshotMetrics).size, snapshotMetrics.length);
  });

  test("of a machine that has just started says 0m", () => {
    const figures = { ...noFigures, bootTime: at / 1000 - 30 };
    const found = snapshotOf({ ...entry, figures }, {}, [], at);
    assert.equal((found["uptime"] as Record<string, unknown>)["human"], "0m");
  });
});
