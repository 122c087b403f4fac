import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, parseHost } from "./address.ts";
import { createGuard } from "./guard.ts";

/** The host as a person or a name server may write it, and whether the guard of a fresh Belfry lets it pass. */
const byDefault: readonly (readonly [host: string, open: boolean])[] = [
  ["127.0.0.1", true],
  ["10.0.0.1", true],
  ["192.168.1.1", true],
  ["8.8.8.8", true],
  ["::1", true],
  ["fd00::1", true],
  ["2001:db8::1", true],
  ["169.253.255.255", true],
  ["169.254.0.0", false],
  ["169.254.169.254", false],
  ["169.254.255.255", false],
  ["169.255.0.0", true],
  ["0.0.0.0", false],
  ["0.1.2.3", false],
  ["1.0.0.0", true],
  ["100.100.100.200", false],
  ["168.63.129.16", false],
  ["223.255.255.255", true],
  ["224.0.0.1", false],
  ["239.255.255.250", false],
  ["240.0.0.1", true],
  ["255.255.255.255", false],
  ["::", false],
  ["fe80::1", false],
  ["febf:ffff::1", false],
  ["fec0::1", true],
  ["ff02::1", false],
  ["fd00:ec2::254", false],
  ["fd00:0ec2:0:0:0:0:0:0254", false],
  ["fd00:ec2::253", true],
  // The same address in other clothes.
  ["2852039166", false],
  ["0xa9fea9fe", false],
  ["0xa9.0xfe.0xa9.0xfe", false],
  ["0251.0376.0251.0376", false],
  ["169.254.43518", false],
  ["169.16689662", false],
  ["１６９.254.169.254", false],
  ["169。254。169。254", false],
  ["::ffff:169.254.169.254", false],
  ["::ffff:a9fe:a9fe", false],
  ["0:0:0:0:0:FFFF:A9FE:A9FE", false],
  ["::ffff:0:169.254.169.254", false],
  ["::169.254.169.254", false],
  ["64:ff9b::169.254.169.254", false],
  ["64:ff9b::a9fe:a9fe", false],
  ["64:ff9b:1::a9fe:a9fe", false],
  ["2002:a9fe:a9fe::1", false],
  ["2001:0:a9fe:a9fe::1", false],
  ["2001:0:0808:0808:0:0:5601:5601", false],
  ["2001:db8::5efe:169.254.169.254", false],
  ["2001:db8::200:5efe:a9fe:a9fe", false],
  ["::ffff:10.0.0.1", true],
  ["2002:0a00:0001::1", true],
];

for (const [host, open] of byDefault) {
  test(`${host} is ${open ? "open" : "refused"}`, () => {
    const parsed = parseHost(host);
    assert.ok(parsed?.kind === "address", "is not read as an address");
    const refusal = createGuard()(parsed.address);
    assert.equal(refusal === undefined, open);
  });
}

const configured: readonly {
  readonly says: string;
  readonly deny?: readonly string[];
  readonly allow?: readonly string[];
  readonly address: string;
  readonly open: boolean;
}[] = [
  { says: "closes a network", deny: ["10.0.0.0/8"], address: "10.255.255.255", open: false },
  { says: "closes no more than that", deny: ["10.0.0.0/8"], address: "11.0.0.0", open: true },
  { says: "closes a single address", deny: ["10.0.0.1"], address: "10.0.0.1", open: false },
  { says: "closes by odd prefixes", deny: ["10.0.0.128/25"], address: "10.0.0.127", open: true },
  { says: "closes IPv6", deny: ["2001:db8::/33"], address: "2001:db8:7fff::1", open: false },
  {
    says: "keeps odd IPv6 prefixes",
    deny: ["2001:db8::/33"],
    address: "2001:db8:8000::1",
    open: true,
  },
  { says: "closes everything of a family", deny: ["0.0.0.0/0"], address: "8.8.8.8", open: false },
  { says: "leaves the other family", deny: ["0.0.0.0/0"], address: "2001:db8::1", open: true },
  { says: "closes mapped forms", deny: ["10.0.0.0/8"], address: "::ffff:a00:1", open: false },
  {
    says: "opens a hole",
    deny: ["10.0.0.0/8"],
    allow: ["10.0.0.0/24"],
    address: "10.0.0.9",
    open: true,
  },
  {
    says: "opens built-in rules",
    allow: ["169.254.0.0/16"],
    address: "169.254.169.254",
    open: true,
  },
  {
    says: "does not open the IPv4 address inside by its IPv6 form",
    allow: ["::ffff:0:0/96"],
    address: "::ffff:169.254.1.1",
    open: false,
  },
];

for (const row of configured) {
  test(`${row.says}: ${row.address} is ${row.open ? "open" : "refused"}`, () => {
    const address = parseAddress(row.address);
    assert.ok(address !== undefined);
    assert.equal(
      createGuard({ deny: row.deny ?? [], allow: row.allow ?? [] })(address) === undefined,
      row.open,
    );
  });
}

for (const text of [
  "10.0.0.0/33",
  "10.0.0/8",
  "example.org",
  "::/129",
  "10.0.0.0/",
  "10.0.0.0/-1",
  "",
]) {
  test(`a configured network ${JSON.stringify(text)} is refused by name`, () => {
    assert.throws(() => createGuard({ deny: [text] }), /deny: expected an address or a network/);
  });
}
