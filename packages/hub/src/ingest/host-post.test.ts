import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostDetailsSchema, createParser } from "@belfry/contract";
import fc from "fast-check";
import type { StackPost } from "../model/host-entry.ts";
import { detailsOf, postedSeries, valuesOf } from "./host-post.ts";

const post: StackPost = {
  hostname: "web",
  timestamp: 1_700_000_000,
  cpu: 12.5,
  ram: 50,
  disk: 99.9,
  diskRead: 1.5,
  diskWrite: 0,
  netRead: null,
  netWrite: 2,
  swapPercent: null,
  load1: 0.5,
  load5: null,
  load15: 3,
  details: null,
};

describe("a post as samples", () => {
  test("has ratios and bytes; what was not posted is absent", () => {
    const { values, present } = valuesOf(post);
    const read = postedSeries.series.map(({ name }, i) => [
      name,
      present[i] === 1 ? values[i] : null,
    ]);
    assert.deepEqual(Object.fromEntries(read), {
      belfry_host_cpu_ratio: 0.125,
      belfry_host_memory_used_ratio: 0.5,
      belfry_host_disk_used_ratio: 0.9990000000000001,
      belfry_host_disk_read_bytes_per_second: 1_572_864,
      belfry_host_disk_written_bytes_per_second: 0,
      belfry_host_network_receive_bytes_per_second: null,
      belfry_host_network_transmit_bytes_per_second: 2_097_152,
      belfry_host_swap_used_ratio: null,
      node_load1: 0.5,
      node_load5: null,
      node_load15: 3,
    });
  });

  test("gives back every posted percentage with up to 15 digits", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.nat(6), (n, digits) => {
        const percent = n / 10 ** digits;
        const { values } = valuesOf({ ...post, cpu: percent });
        assert.equal(Number(((values[0] ?? 0) * 100).toPrecision(15)), percent);
      }),
    );
  });
});

describe("a posted snapshot as details", () => {
  const parse = createParser(HostDetailsSchema);

  test("has what fits", () => {
    const details = detailsOf({
      system: {
        hostname: "web",
        os: "Linux",
        os_release: "6.1",
        os_version: "#1",
        architecture: "x86_64",
        model: "KVM",
      },
      cpu: { processor: "EPYC", physical_cores: 2, logical_cores: 4, min_frequency_mhz: 0 },
      memory: { total: 1024 },
      network: {
        primary_interface: {
          name: "eth0",
          ipv4: "10.0.0.2",
          netmask: "255.255.252.0",
          broadcast: "10.0.3.255",
          speed_mbps: 1000,
          mtu: 1500,
          duplex: "full",
        },
      },
    });
    assert.deepEqual(details, {
      system: {
        hostname: "web",
        os: "Linux",
        kernel: "6.1",
        kernel_version: "#1",
        architecture: "x86_64",
      },
      hardware: {
        model: "KVM",
        cpu_model: "EPYC",
        physical_cores: 2,
        logical_cores: 4,
        memory_bytes: 1024,
      },
      interfaces: [
        {
          name: "eth0",
          up: true,
          addresses: [{ address: "10.0.0.2", prefix: 22, broadcast: "10.0.3.255" }],
          mtu: 1500,
          speed_mbps: 1000,
          duplex: "full",
        },
      ],
    });
  });

  test("fits the schema, whatever was posted", () => {
    const key = fc.constantFrom(
      "system",
      "cpu",
      "memory",
      "network",
      "primary_interface",
      "name",
      "hostname",
      "ipv4",
      "netmask",
      "total",
      "mtu",
      "processor",
      "logical_cores",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, true, "", "text", 1.5, 3, "255.0.255.0", [1]),
        fc.dictionary(key, tie("any")),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(key, value), (snapshot) => {
        assert.equal(parse(detailsOf(snapshot)).kind, "ok");
      }),
      { numRuns: 500 },
    );
  });

  test("of nothing is empty", () => assert.deepEqual(detailsOf({}), {}));
});
