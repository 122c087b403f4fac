import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree, recorded } from "./file-tree.kit.ts";
import { createDarwinNetwork, parseNetstat, type Addresses } from "./network.darwin.ts";

const addresses: Addresses = {
  en0: [
    {
      address: "192.0.2.20",
      netmask: "255.255.255.0",
      family: "IPv4",
      mac: "02:00:5e:10:00:01",
      internal: false,
      cidr: "192.0.2.20/24",
    },
  ],
};

test("counters of the link layer, whether an interface has an address or none", async () => {
  using tree = fileTree();
  let output = recorded("darwin/netstat-ibn.txt");
  const run = () => Promise.resolve(output);
  using trial = new Trial(
    createDarwinNetwork(run, () => addresses),
    tree.root,
  );
  const values = await trial.round();
  assert.equal(values['node_network_receive_bytes_total{device="lo0"}'], 466_453_111);
  assert.equal(values['node_network_receive_bytes_total{device="en0"}'], 4_721_211_452);
  assert.equal(values['node_network_receive_errs_total{device="en0"}'], 3);
  assert.equal(values['node_network_transmit_colls_total{device="en0"}'], 7);
  assert.equal(values['node_network_transmit_bytes_total{device="utun3"}'], 100_000);
  assert.equal(values['node_network_mtu_bytes{device="gif0"}'], 1_280);
  assert.deepEqual(
    trial.facts.interfaces?.map(({ name, up }) => [name, up]),
    [
      ["lo0", true],
      ["gif0", false],
      ["stf0", false],
      ["en0", true],
      ["awdl0", true],
      ["utun3", true],
    ],
  );
  assert.deepEqual(trial.facts.interfaces?.[3], {
    name: "en0",
    mac: "02:00:5e:10:00:01",
    mtu: 1_500,
    up: true,
    addresses: [{ address: "192.0.2.20", prefix: 24 }],
  });
  output = output.replaceAll("4721211452", "4721221452").replaceAll(" 400000 ", " 990000 ");
  trial.monotonicMs += 10_000;
  const second = await trial.round();
  assert.equal(
    second["belfry_host_network_receive_bytes_per_second"],
    1_000,
    "what a tunnel carries is counted once",
  );
});

for (const output of [
  "",
  "nonsense\n",
  "Name Mtu Network Address Ipkts Ierrs\nen0 1500 <Link#1>\n",
])
  test(`is no interface: ${JSON.stringify(output)}`, () => {
    assert.deepEqual(parseNetstat(output), []);
  });
