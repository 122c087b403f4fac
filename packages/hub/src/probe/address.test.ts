import assert from "node:assert/strict";
import { test } from "node:test";
import { hostAndPort, hostText, networkOf, parseAddress, parseHost } from "./address.ts";

const rows: readonly (readonly [text: string, host: string | undefined])[] = [
  ["Example.ORG", "example.org"],
  ["example.org.", "example.org"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["_sip.example.org", "_sip.example.org"],
  ["localhost", "localhost"],
  ["127.1", "127.0.0.1"],
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["2001:DB8:0::1", "2001:db8::1"],
  ["::ffff:1.2.3.4", "::ffff:102:304"],
  ["", undefined],
  [".", undefined],
  ["a..b", undefined],
  ["-a.example", undefined],
  ["a b", undefined],
  ["a/b", undefined],
  ["a@b", undefined],
  ["a?b", undefined],
  ["a#b", undefined],
  ["a:80", undefined],
  ["example.org:80", undefined],
  ["[::1]:80", undefined],
  ["fe80::1%eth0", undefined],
  ["256.1.1.1", undefined],
  [`${"a".repeat(64)}.example`, undefined],
  [`${"a.".repeat(127)}example`, undefined],
];

for (const [text, expected] of rows) {
  test(`host ${JSON.stringify(text.slice(0, 30))} is ${expected ?? "none"}`, () => {
    const host = parseHost(text);
    assert.equal(host === undefined ? undefined : hostText(host), expected);
  });
}

test("a host with its port has IPv6 addresses in brackets", () => {
  const line = (text: string): string => {
    const host = parseHost(text);
    assert.ok(host !== undefined);
    return hostAndPort(host, 80);
  };
  assert.equal(line("example.org"), "example.org:80");
  assert.equal(line("127.0.0.1"), "127.0.0.1:80");
  assert.equal(line("::1"), "[::1]:80");
});

const networks = [
  ["10.1.2.3", 24, "10.1.2.0/24"],
  ["10.1.2.3", 20, "10.1.0.0/20"],
  ["2001:db8:1:2:3::4", 64, "2001:db8:1:2::/64"],
] as const;

for (const [address, bits, network] of networks) {
  test(`${address} lies in ${network}`, () => {
    const parsed = parseAddress(address);
    assert.ok(parsed !== undefined);
    assert.equal(networkOf(parsed, bits), network);
  });
}
