import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Clock } from "../model/clock.ts";
import { systemClock } from "../model/clock.ts";
import { Deadline } from "./deadline.ts";
import type { Attempt } from "./fault.ts";
import { serveNames, type NameServer, type Reply } from "./name-server.kit.ts";
import { createResolver, parseHosts, type Resolver } from "./resolver.ts";

function resolverOver(
  server: NameServer | null,
  hostsFile = "/nowhere",
  clock: Clock = systemClock,
): Resolver {
  const servers = server === null ? ["127.0.0.1:1"] : [`127.0.0.1:${server.port}`];
  return createResolver({ servers, hostsFile, resolvConf: "/nowhere" }, clock);
}

async function lookUp(
  resolver: Resolver,
  name: string,
  family: 4 | 6 = 4,
  timeoutMs = 3_000,
): Promise<Attempt<readonly string[]>> {
  using deadline = new Deadline(systemClock, { timeoutMs, signal: new AbortController().signal });
  return await resolver.resolve(name, family, deadline);
}

function hostsFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "belfry-hosts-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "hosts");
  writeFileSync(path, text);
  return path;
}

test("a name is asked for by family, without search domains", async (t) => {
  const server = await serveNames(t, (_name, type): Reply => ({
    records: type === "A" ? ["192.0.2.1", "192.0.2.2"] : ["2001:db8::1"],
  }));
  const resolver = resolverOver(server);
  assert.deepEqual(await lookUp(resolver, "db"), { kind: "ok", value: ["192.0.2.1", "192.0.2.2"] });
  assert.deepEqual(await lookUp(resolver, "db", 6), { kind: "ok", value: ["2001:db8::1"] });
  assert.deepEqual(server.asked, ["db A udp", "db AAAA udp"]);
  assert.deepEqual(server.bad, []);
});

test("every look-up asks anew", async (t) => {
  const server = await serveNames(t, () => ({ records: [`192.0.2.${server.asked.length}`] }));
  const resolver = resolverOver(server);
  for (const expected of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    assert.deepEqual(await lookUp(resolver, "db.example"), { kind: "ok", value: [expected] });
  }
});

test("localhost is loopback and nobody is asked", async () => {
  const resolver = resolverOver(null);
  assert.deepEqual(await lookUp(resolver, "localhost"), { kind: "ok", value: ["127.0.0.1"] });
  assert.deepEqual(await lookUp(resolver, "app.localhost", 6), { kind: "ok", value: ["::1"] });
});

test("the hosts file goes before DNS, and is read again when it changes", async (t) => {
  const path = hostsFile(t, "192.0.2.7 db.example db\n");
  let nowMs = 0;
  const resolver = resolverOver(null, path, { now: () => 0, monotonicMs: () => nowMs });
  assert.deepEqual(await lookUp(resolver, "db.example"), { kind: "ok", value: ["192.0.2.7"] });
  const other = await lookUp(resolver, "db.example", 6);
  assert.equal(other.kind === "fault" && other.fault.code, "ENODATA");
  writeFileSync(path, "192.0.2.77 db.example\n");
  nowMs += 2_000;
  assert.deepEqual(await lookUp(resolver, "db.example"), { kind: "ok", value: ["192.0.2.77"] });
  rmSync(path);
  nowMs += 2_000;
  assert.equal((await lookUp(resolver, "db.example")).kind, "fault");
});

test("hosts files have comments, several names and both families", () => {
  const text = "# c\n127.0.0.1\tlocalhost  Local # x\n::1 localhost\nnonsense a\n\n192.0.2.1\n";
  assert.deepEqual(
    [...parseHosts(text)],
    [
      ["localhost", ["127.0.0.1", "::1"]],
      ["local", ["127.0.0.1"]],
    ],
  );
});

for (const [code, expected] of [
  ["NXDOMAIN", "ENOTFOUND"],
  ["SERVFAIL", "ESERVFAIL"],
  ["REFUSED", "EREFUSED"],
] as const) {
  test(`${code} from the name server is ${expected}`, async (t) => {
    const found = await lookUp(resolverOver(await serveNames(t, () => ({ code }))), "db.example");
    assert.equal(found.kind === "fault" && found.fault.code, expected);
  });
}

test("a silent name server costs no more than the deadline", async (t) => {
  const resolver = resolverOver(await serveNames(t, () => "silence"));
  const before = performance.now();
  const found = await lookUp(resolver, "db.example", 4, 100);
  assert.equal(found.kind === "fault" && found.fault.reason, "timeout");
  assert.ok(performance.now() - before < 1_000);
});

test("a look-up that is called off does not disturb the others", async (t) => {
  const server = await serveNames(t, (name) =>
    name === "slow.example" ? "silence" : { records: ["192.0.2.1"] },
  );
  const resolver = resolverOver(server);
  const slow = lookUp(resolver, "slow.example", 4, 50);
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, i) => lookUp(resolver, `a${i}.example`)),
  );
  assert.ok(others.every((found) => found.kind === "ok"));
  assert.equal((await slow).kind, "fault");
  assert.equal((await lookUp(resolver, "b.example")).kind, "ok");
});
