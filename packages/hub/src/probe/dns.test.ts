import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOnce, kindOf } from "./probe.kit.ts";
import { serveNames } from "./name-server.kit.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "dns",
  well: async (t) => {
    const { port } = await serveNames(t, () => ({ records: ["192.0.2.1"] }));
    return { settings: { name: "Example.ORG.", server: "127.0.0.1", port } };
  },
  silent: async (t) => {
    const { port } = await serveNames(t, () => "silence");
    return { settings: { name: "example.org", server: "127.0.0.1", port } };
  },
  target: /^Example\.ORG\. A @127\.0\.0\.1$/,
  host: "127.0.0.1",
});

const zone: Readonly<Record<string, readonly string[]>> = {
  A: ["192.0.2.2", "192.0.2.1"],
  AAAA: ["2001:db8::1"],
  CNAME: ["Other.example.org"],
  MX: ["10 Mail.example.org", "20 backup.example.org"],
  TXT: ["v=spf1 -all", "a long |text"],
  SRV: ["10 60 5060 sip.example.org"],
  CAA: ["0 issue ca.example"],
  NS: ["ns1.example.org"],
  SOA: ["ns1.example.org host.example.org 2026112101 7200 3600 1209600 300"],
  PTR: ["host.example.org"],
};

/** What a person would write, in forms that mean the same. */
const rows = [
  { type: "A", expected: ["192.0.2.1"], up: true },
  { type: "A", expected: ["192.0.2.1", "192.0.2.2"], match: "exact", up: true },
  { type: "A", expected: ["192.0.2.1"], match: "exact", up: false },
  { type: "A", expected: ["192.0.2.1", "192.0.2.9"], match: "all", up: false },
  { type: "A", expected: ["192.0.2.1", "192.0.2.9"], match: "any", up: true },
  { type: "A", expected: ["192.0.2.9"], match: "any", up: false },
  { type: "AAAA", expected: ["2001:0DB8:0:0::1"], up: true },
  { type: "CNAME", expected: ["other.example.org."], up: true },
  { type: "MX", expected: ["10 mail.example.org."], up: true },
  { type: "MX", expected: ["20 mail.example.org."], up: false },
  { type: "TXT", expected: ["a long text"], up: true },
  { type: "TXT", expected: ["V=SPF1 -ALL"], up: false },
  { type: "SRV", expected: ["10 60 5060 sip.example.org"], up: true },
  { type: "CAA", expected: ['0 issue "ca.example"'], up: true },
  { type: "NS", expected: ["NS1.example.org"], up: true },
  {
    type: "SOA",
    expected: ["ns1.example.org. host.example.org. 2026112101 7200 3600 1209600 300"],
    up: true,
  },
  { type: "PTR", expected: ["host.example.org"], up: true },
] as const;

for (const { type, expected, up, ...match } of rows) {
  const says = `${expected.join(" and ")}${"match" in match ? ` (${match.match})` : ""}`;
  test(`dns: ${type} ${says} is ${up ? "found" : "not found"}`, async (t) => {
    const server = await serveNames(t, (_name, asked) => ({ records: zone[asked] ?? [] }));
    const settings = { name: "example.org", type, server: "127.0.0.1", port: server.port };
    const outcome = await checkOnce(kindOf("dns"), { ...settings, expected, ...match });
    assert.equal(outcome.result, up ? "up" : "down", JSON.stringify(outcome));
    if (outcome.result === "down") assert.equal(outcome.reason, "assertion");
    assert.deepEqual(server.bad, []);
    assert.deepEqual(server.asked, [`example.org ${type} udp`]);
  });
}

test("dns: a mismatch says what was found", async (t) => {
  const { port } = await serveNames(t, () => ({ records: ["192.0.2.2", "192.0.2.1"] }));
  const settings = { name: "a.example", server: "127.0.0.1", port, expected: ["192.0.2.9"] };
  const outcome = await checkOnce(kindOf("dns"), settings);
  assert.ok(outcome.result === "down");
  assert.equal(outcome.message, "found 192.0.2.1, 192.0.2.2, expected 192.0.2.9 as well");
  assert.deepEqual(outcome.evidence["records"], ["192.0.2.1", "192.0.2.2"]);
  assert.equal(outcome.measurements["probe_dns_answer_rrs"], 2);
  assert.equal(outcome.measurements["probe_dns_query_succeeded"], 1);
});

test("dns: measures the serial number of a zone", async (t) => {
  const { port } = await serveNames(t, () => ({ records: zone["SOA"] ?? [] }));
  const outcome = await checkOnce(kindOf("dns"), {
    name: "a.example",
    type: "SOA",
    server: "127.0.0.1",
    port,
  });
  assert.ok(outcome.result === "up");
  assert.equal(outcome.measurements["probe_dns_serial"], 2_026_112_101);
});

test("dns: asks again over TCP when the answer does not fit", async (t) => {
  const server = await serveNames(t, () => ({ records: ["192.0.2.1"], isTruncatedOverUdp: true }));
  const outcome = await checkOnce(kindOf("dns"), {
    name: "a.example",
    server: "127.0.0.1",
    port: server.port,
  });
  assert.equal(outcome.result, "up");
  assert.deepEqual(server.asked, ["a.example A udp", "a.example A tcp"]);
});

test("dns: asks anew for each check, whatever the answer's time to live", async (t) => {
  let answer = "192.0.2.1";
  const { port } = await serveNames(t, () => ({ records: [answer] }));
  const settings = { name: "a.example", server: "127.0.0.1", port, expected: ["192.0.2.1"] };
  assert.equal((await checkOnce(kindOf("dns"), settings)).result, "up");
  answer = "192.0.2.2";
  assert.equal((await checkOnce(kindOf("dns"), settings)).result, "down");
});

for (const code of ["NXDOMAIN", "SERVFAIL", "REFUSED"] as const) {
  test(`dns: ${code} is down, with the reason dns`, async (t) => {
    const { port } = await serveNames(t, () => ({ code }));
    const outcome = await checkOnce(kindOf("dns"), {
      name: "a.example",
      server: "127.0.0.1",
      port,
    });
    assert.ok(outcome.result === "down");
    assert.equal(outcome.reason, "dns");
    assert.match(outcome.message, new RegExp(code));
    assert.equal(outcome.measurements["probe_dns_query_succeeded"], 0);
  });
}

test("dns: a name without records of the type is down", async (t) => {
  const { port } = await serveNames(t, () => ({ records: [] }));
  const outcome = await checkOnce(kindOf("dns"), { name: "a.example", server: "127.0.0.1", port });
  assert.ok(outcome.result === "down");
  assert.equal(outcome.message, "a.example A: has no record of the type asked for");
});

test("dns: a name server that is not there is refused", async () => {
  const outcome = await checkOnce(kindOf("dns"), {
    name: "a.example",
    server: "127.0.0.1",
    port: 1,
  });
  assert.ok(outcome.result === "down");
  assert.equal(outcome.reason, "refused");
});

test("dns: the guard has a say about the name server", async () => {
  const outcome = await checkOnce(kindOf("dns"), { name: "a.example", server: "169.254.169.254" });
  assert.ok(outcome.result === "unknown");
  assert.equal(outcome.reason, "guard");
});

for (const name of ["a b", "a..b", ".", "-".repeat(64), `${"a.".repeat(130)}a`, "a/b"]) {
  test(`dns: refuses the name ${JSON.stringify(name.slice(0, 20))}`, () => {
    const parsed = kindOf("dns").parseSettings({ name }, "settings");
    assert.ok(parsed.kind === "bad");
    assert.equal(parsed.problems[0]?.path, "settings.name");
  });
}
