import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flatten, type Reading } from "./flatten.ts";

const mebibyte = 1024 * 1024;
const context = { hostname: "web-1", epochMs: 1_700_000_000_900 };

function reading(readAtMs: number, more: object = {}): Reading {
  return {
    readAtMs,
    snapshot: {
      cpu: { percent: 12.5 },
      memory: { percent: 40 },
      disk: { percent: 55.6 },
      disk_io: { read_bytes: readAtMs * 1000, write_bytes: 5 * mebibyte },
      ...more,
    },
  };
}

describe("a body for a Monitoring Stack server", () => {
  it("has exactly the documented fields the first time, with rates of 0", () => {
    const first = reading(0);
    assert.deepEqual(flatten(first, null, context), {
      hostname: "web-1",
      cpu: 12.5,
      ram: 40,
      disk: 55.6,
      timestamp: 1_700_000_000,
      disk_read: 0,
      disk_write: 0,
      details: {
        ...first.snapshot,
        throughput: {
          disk_read_bytes_per_sec: 0,
          disk_write_bytes_per_sec: 0,
          disk_read_mb_per_sec: 0,
          disk_write_mb_per_sec: 0,
        },
      },
    });
  });

  it("has rates of the time between two readings in MiB/s", () => {
    const before = reading(0, { disk_io: { read_bytes: 0, write_bytes: mebibyte } });
    const now = reading(10_000, {
      disk_io: { read_bytes: 20 * mebibyte, write_bytes: 6 * mebibyte },
    });
    const body = flatten(now, before, context);
    assert.deepEqual([body.disk_read, body.disk_write], [2, 0.5]);
    assert.deepEqual(body.details["throughput"], {
      disk_read_bytes_per_sec: 2 * mebibyte,
      disk_write_bytes_per_sec: mebibyte / 2,
      disk_read_mb_per_sec: 2,
      disk_write_mb_per_sec: 0.5,
    });
  });

  it("goes by when the counters were read, where the source says so", () => {
    const at = (second: number, bytes: number): Reading =>
      reading(second * 1000 + (second === 0 ? 0 : 3000), {
        collected_at: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000+00:00`,
        disk_io: { read_bytes: bytes, write_bytes: 0 },
      });
    assert.equal(flatten(at(10, 10 * mebibyte), at(0, 0), context).disk_read, 1);
  });

  it("has no negative rates after a restart of the source", () => {
    const before = reading(0, { disk_io: { read_bytes: 500, write_bytes: 500 } });
    const now = reading(1000, { disk_io: { read_bytes: 0, write_bytes: 0 } });
    const body = flatten(now, before, context);
    assert.deepEqual([body.disk_read, body.disk_write], [0, 0]);
  });

  it("has the later fields where the source has them", () => {
    const later = (bytes: number) => ({
      cpu: { percent: 1, cores_percent: [1, 2] },
      network: { io_counters: { bytes_recv: bytes, bytes_sent: 2 * bytes } },
      swap: { percent: 3 },
      load_avg: { load1: 0.5, load5: 0.25, load15: null },
    });
    const body = flatten(reading(1000, later(mebibyte)), reading(0, later(0)), context);
    const { net_read, net_write, swap_percent, load1, load5, cpu_cores } = body;
    assert.deepEqual([net_read, net_write, swap_percent, load1, load5], [1, 2, 3, 0.5, 0.25]);
    assert.deepEqual(cpu_cores, [1, 2]);
    assert.ok(!("load15" in body));
  });

  it("is not made without a figure that servers require", () => {
    assert.throws(() => flatten(reading(0, { memory: null }), null, context), {
      message: "the snapshot has no memory.percent",
    });
  });
});
