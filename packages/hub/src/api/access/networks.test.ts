import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createNetworks } from "./networks.ts";

describe("networks", () => {
  const rows: { network: string; address: string; within: boolean }[] = [
    { network: "10.0.0.0/8", address: "10.255.0.1", within: true },
    { network: "10.0.0.0/8", address: "11.0.0.1", within: false },
    { network: "10.0.0.0/8", address: "::ffff:10.0.0.1", within: true },
    { network: "192.0.2.7", address: "192.0.2.7", within: true },
    { network: "192.0.2.7", address: "192.0.2.8", within: false },
    { network: "0.0.0.0/0", address: "203.0.113.1", within: true },
    { network: "0.0.0.0/0", address: "2001:db8::1", within: false },
    { network: "fd00::/8", address: "fd12::1", within: true },
    { network: "fd00::/8", address: "fe80::1", within: false },
    { network: "fd00::/8", address: "nonsense", within: false },
  ];
  for (const { network, address, within } of rows) {
    test(`${network} ${within ? "has" : "has not"} ${address}`, () => {
      assert.equal(createNetworks([network])(address), within);
    });
  }

  for (const network of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0/8",
    "fd00::/129",
    "a/8",
    "10.0.0.0/8/8",
  ]) {
    test(`cannot be ${JSON.stringify(network)}`, () => {
      assert.throws(() => createNetworks([network]), TypeError);
    });
  }
});
