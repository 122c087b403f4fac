import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trial } from "./collector.kit.ts";
import { change, copiedTree, treeFolder } from "./copied-tree.kit.ts";
import { interfaces } from "./interfaces.ts";
import { netstat } from "./netstat.ts";
import { network } from "./network.ts";
import { sockstat } from "./sockstat.ts";

const receive = "belfry_host_network_receive_bytes_per_second";
const transmit = "belfry_host_network_transmit_bytes_per_second";

/** `/proc/net/dev` with so many bytes received and sent per interface. */
function dev(bytes: Readonly<Record<string, readonly [received: number, sent: number]>>): string {
  const lines = Object.entries(bytes).map(
    ([name, [received, sent]]) => `${name}: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0\n`,
  );
  return `Inter-|   Receive\n face |bytes\n${lines.join("")}`;
}

describe("the network collector", () => {
  it("reads every interface, whatever carries it", async () => {
    using trial = new Trial(network, treeFolder("sixteen-cores"));
    const values = await trial.round();
    assert.equal(values['node_network_receive_bytes_total{device="eth1"}'], 6_675_506_395_650);
    assert.equal(values['node_network_receive_errs_total{device="eth1"}'], 3);
    assert.equal(values['node_network_receive_drop_total{device="eth1"}'], 12);
    assert.equal(values['node_network_receive_multicast_total{device="eth1"}'], 8693);
    assert.equal(values['node_network_transmit_drop_total{device="veth1a2b3c4"}'], 7);
    assert.equal(values['node_network_transmit_bytes_total{device="bond0.42"}'], 541_389_285_003);
    assert.equal(Object.keys(values).length, 8 * 16);
  });

  it("reads an old kernel's file, which puts no space after the name", async () => {
    using trial = new Trial(network, treeFolder("old-kernel"));
    const values = await trial.round();
    assert.equal(values['node_network_receive_bytes_total{device="lo"}'], 1000);
    const fields = ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"];
    assert.deepEqual(
      fields.map((field) => values[`node_network_transmit_${field}_total{device="eth0"}`]),
      [70, 8, 9, 10, 11, 12, 13, 14],
    );
  });

  for (const { title, tree: name, before, after, expected } of [
    {
      title: "counts physical interfaces, not the bond, VLAN, bridge and tunnel on them",
      tree: "sixteen-cores",
      before: { lo: [0, 0], eth0: [0, 0], bond0: [0, 0], "bond0.42": [0, 0], br0: [0, 0] },
      after: { lo: [9, 9], eth0: [100, 50], bond0: [100, 50], "bond0.42": [9, 9], br0: [9, 9] },
      expected: [100, 50],
    },
    {
      title: "counts what a container has where nothing is physical",
      tree: "container-v2",
      before: { lo: [0, 0], eth0: [0, 0], docker0: [0, 0] },
      after: { lo: [9, 9], eth0: [100, 50], docker0: [9, 9] },
      expected: [100, 50],
    },
    {
      title: "adds nothing for a counter of 32 bits that was full",
      tree: "small-vm",
      before: { eth0: [4_294_967_290, 10] },
      after: { eth0: [5, 20] },
      expected: [0, 10],
    },
    {
      title: "has no rate where there is only a loopback",
      tree: "small-vm",
      before: { lo: [0, 0] },
      after: { lo: [9, 9] },
      expected: [undefined, undefined],
    },
  ] as const) {
    it(title, async () => {
      using tree = copiedTree(name, { "proc/net/dev": dev(before) });
      using trial = new Trial(network, tree.root);
      await trial.round();
      // Whether anything is physical is known from the second round on.
      trial.monotonicMs += 1_000;
      await trial.round();
      change(tree, { "proc/net/dev": dev(after) });
      trial.monotonicMs += 1_000;
      const values = await trial.round();
      assert.deepEqual([values[receive], values[transmit]], expected);
    });
  }

  it("reads the machine's network and not its own where the root was moved", async () => {
    using tree = copiedTree("small-vm", { "proc/1/net/dev": dev({ host0: [7, 8] }) });
    using trial = new Trial(network, tree.root);
    assert.equal((await trial.round())['node_network_receive_bytes_total{device="host0"}'], 7);
  });
});

describe("the netstat collector", () => {
  it("reads IP, ICMP, TCP and UDP of both versions", async () => {
    using trial = new Trial(netstat, treeFolder("small-vm"));
    const values = await trial.round();
    const missing = netstat.metrics.filter(({ name }) => values[name] === undefined);
    assert.deepEqual(missing, []);
    assert.equal(values["node_netstat_Ip_Forwarding"], 2);
  });

  it("is absent where there are no such files", async () => {
    using trial = new Trial(netstat, treeFolder("old-kernel"));
    assert.deepEqual(await trial.round(), {});
  });
});

describe("the sockstat collector", () => {
  it("counts sockets, and pages as bytes too", async () => {
    using trial = new Trial(sockstat, treeFolder("small-vm"));
    const values = await trial.round();
    assert.equal(values["node_sockstat_sockets_used"], 44);
    assert.equal(values["node_sockstat_TCP_tw"], 33);
    assert.equal(values["node_sockstat_TCP_mem"], 114);
    assert.equal(values["node_sockstat_TCP_mem_bytes"], 114 * 4096);
    assert.equal(values["node_sockstat_FRAG6_memory"], 0);
  });
});

describe("the interfaces collector", () => {
  it("reads state, speed and names; what is unknown is absent", async () => {
    using trial = new Trial(interfaces, treeFolder("sixteen-cores"));
    const values = await trial.round();
    const of = (name: string, device: string): number | undefined =>
      values[`node_network_${name}{device="${device}"}`];
    assert.equal(of("up", "eth0"), 1);
    assert.equal(of("up", "eth1"), 0);
    assert.equal(of("up", "lo"), 0, "as node_exporter: the state of a loopback is unknown");
    assert.equal(of("mtu_bytes", "eth0"), 9000);
    assert.equal(of("speed_bytes", "eth0"), 1_250_000_000);
    assert.equal(of("speed_bytes", "eth1"), undefined);
    assert.equal(of("flags", "bond0"), 4099);
    assert.equal(of("iface_id", "br0"), 6);
    assert.equal(of("mtu_bytes", "bonding_masters"), undefined);
    const info = Object.keys(values).find((one) => /^node_network_info.*"eth0"/.test(one));
    assert.equal(
      info,
      'node_network_info{address="52:54:00:00:00:01",broadcast="ff:ff:ff:ff:ff:ff",device="eth0",duplex="full",ifalias="uplink "A"",operstate="up"}',
    );
  });

  it("leaves interfaces as details, in the order of their numbers", async () => {
    using trial = new Trial(interfaces, treeFolder("sixteen-cores"));
    await trial.round();
    const details = trial.facts.interfaces ?? [];
    assert.deepEqual(
      details.map(({ name, up, speed_mbps, duplex }) => ({ name, up, speed_mbps, duplex })),
      [
        { name: "lo", up: true, speed_mbps: undefined, duplex: undefined },
        { name: "eth0", up: true, speed_mbps: 10_000, duplex: "full" },
        { name: "eth1", up: false, speed_mbps: undefined, duplex: "half" },
        { name: "bond0", up: true, speed_mbps: 10_000, duplex: "full" },
        { name: "bond0.42", up: true, speed_mbps: undefined, duplex: undefined },
        { name: "br0", up: true, speed_mbps: undefined, duplex: undefined },
        { name: "docker0", up: true, speed_mbps: undefined, duplex: undefined },
        { name: "veth1a2b3c4", up: true, speed_mbps: undefined, duplex: undefined },
      ],
    );
    assert.deepEqual(
      details.find(({ name }) => name === "lo")?.addresses.filter(({ prefix }) => prefix === 8),
      [{ address: "127.0.0.1", prefix: 8, broadcast: "127.255.255.255" }],
    );
    assert.deepEqual(
      details.find(({ name }) => name === "eth0")?.addresses,
      [],
      "addresses of another interface of that name are not this one's",
    );
  });

  it("reads many interfaces in turns and shows all it has read", async () => {
    using tree = copiedTree("container-v2");
    for (let i = 1; i <= 40; i += 1) {
      const folder = `sys/class/net/veth${i}`;
      change(tree, { [`${folder}/ifindex`]: `${i}\n`, [`${folder}/mtu`]: "1500\n" });
    }
    using trial = new Trial(interfaces, tree.root);
    const count = (values: Readonly<Record<string, number>>): number =>
      Object.keys(values).filter((one) => one.startsWith("node_network_mtu_bytes")).length;
    assert.equal(count(await trial.round()), 32);
    assert.equal(count(await trial.round()), 40);
    assert.equal(count(await trial.round()), 40);
  });
});
