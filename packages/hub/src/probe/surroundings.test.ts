import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readRoutes4, readRoutes6, readSurroundings } from "./surroundings.ts";

const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask";
const routes4 = [
  header,
  "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000",
  "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF",
  "wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF",
  "lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF",
  "eth1\t00000000\t010200C0\t0002\t0\t0\t0\t00000000",
  "eth1\t000000AC\t00000000\t0201\t0\t0\t0\t000000FF",
  "",
].join("\n");
const zero = "0".repeat(32);
const routes6 = [
  `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 1 0 00000003 eth0`,
  `20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 1 0 00000001 eth0`,
  `fe800000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 1 0 00000001 eth0`,
  `ff000000000000000000000000000000 08 ${zero} 00 ${zero} 00000100 1 0 00000001 eth0`,
  `${zero} 00 ${zero} 00 20010db8000000000000000000000001 00000400 1 0 00000003 eth1`,
  `${zero} 00 ${zero} 00 ${zero} ffffffff 1 0 00200200 lo`,
  "",
].join("\n");

describe("what the system says of its network", () => {
  test("routes that are up, beside loopback and those that refuse", () => {
    assert.deepEqual(readRoutes4(routes4), [
      { device: "eth0", gateway: "192.0.2.1" },
      { device: "eth0", gateway: null },
      { device: "wg0", gateway: null },
    ]);
    assert.deepEqual(readRoutes6(routes6), [
      { device: "eth0", gateway: "fe80::1%eth0" },
      { device: "eth0", gateway: null },
      { device: "eth1", gateway: "2001:db8::1" },
    ]);
    assert.deepEqual([readRoutes4(""), readRoutes6("")], [[], []]);
  });

  const files = (found: Readonly<Record<string, string>>) => (path: string) => found[path] ?? "";

  test("gateways and whether there is a way out", () => {
    const read = files({ "/proc/net/route": routes4, "/proc/net/ipv6_route": routes6 });
    const { gateways, hasRoute } = readSurroundings(read);
    assert.deepEqual([gateways, hasRoute], [["192.0.2.1", "fe80::1%eth0", "2001:db8::1"], true]);
  });

  test("an interface whose cable was pulled leads nowhere, whatever its routes say", () => {
    const read = files({
      "/proc/net/route": routes4.replaceAll(/^wg0.*$/gm, ""),
      "/sys/class/net/eth0/carrier": "0\n",
    });
    const { gateways, hasRoute } = readSurroundings(read);
    assert.deepEqual([gateways, hasRoute], [[], false]);
  });

  test("without any route there is no way out", () => {
    const { hasRoute } = readSurroundings(files({ "/proc/net/route": `${header}\n` }));
    assert.equal(hasRoute, false);
  });

  test("where the system has no such files, what interfaces have counts", () => {
    const { own, hasRoute } = readSurroundings(() => "");
    assert.ok(own.has("127.0.0.1"));
    assert.equal(typeof hasRoute, "boolean");
  });
});
