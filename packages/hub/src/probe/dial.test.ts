import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { systemClock } from "../model/clock.ts";
import { parseHost } from "./address.ts";
import { anchorWitness } from "./anchor.ts";
import { Deadline } from "./deadline.ts";
import { dial, type DialReport, type IpVersion } from "./dial.ts";
import type { Fault } from "./fault.ts";
import { failed, faultOfDns } from "./fault.ts";
import { serve, tarpit, testParts } from "./probe.kit.ts";
import { createGuard } from "./guard.ts";
import type { Resolver } from "./resolver.ts";

/** Names that stand for lists of addresses; a name that is missing does not exist. */
function resolving(
  names: Readonly<Record<string, readonly string[]>>,
  asked: string[] = [],
): Resolver {
  return {
    async resolve(name, family) {
      asked.push(`${name} ${family}`);
      const all = names[name];
      if (all === undefined) return failed(faultOfDns({ code: "ENOTFOUND" }, name));
      const value = all.filter((address) => address.includes(":") === (family === 6));
      return value.length === 0
        ? failed(faultOfDns({ code: "ENODATA" }, name))
        : { kind: "ok", value };
    },
  };
}

interface Dialled {
  readonly fault: Fault | null;
  readonly address: string | undefined;
}

async function tryDial(
  text: string,
  port: number,
  resolver: Resolver,
  ipVersion: IpVersion = "any",
  timeoutMs = 2_000,
): Promise<Dialled> {
  using deadline = new Deadline(systemClock, { timeoutMs, signal: new AbortController().signal });
  const report: DialReport = { resolveMs: 0, connectMs: 0, address: null };
  const host = parseHost(text);
  assert.ok(host !== undefined);
  const parts = { clock: systemClock, resolver, guard: createGuard() };
  const attempt = await dial(host, port, ipVersion, deadline, parts, report);
  if (attempt.kind === "ok") attempt.value.destroy();
  return { fault: attempt.kind === "fault" ? attempt.fault : null, address: report.address?.text };
}

async function onBoth(t: TestContext): Promise<number> {
  return await serve(t, tarpit, "::");
}

test("IPv4 goes first, and IPv6 is not even asked for when it connects", async (t) => {
  const asked: string[] = [];
  const resolver = resolving({ db: ["::1", "127.0.0.1"] }, asked);
  assert.deepEqual(await tryDial("db", await onBoth(t), resolver), {
    fault: null,
    address: "127.0.0.1",
  });
  assert.deepEqual(asked, ["db 4"]);
});

test("IPv6 is used when there is no IPv4 address", async (t) => {
  const resolver = resolving({ db: ["::1"] });
  assert.equal((await tryDial("db", await onBoth(t), resolver)).address, "::1");
});

test("IPv6 is tried when IPv4 cannot be connected to", async (t) => {
  const port = await serve(t, tarpit, "::1");
  assert.deepEqual(await tryDial("localhost", port, testParts().resolver), {
    fault: null,
    address: "::1",
  });
});

test("the next address is tried when one refuses", async (t) => {
  const port = await serve(t, tarpit, "127.0.0.1");
  const resolver = resolving({ db: ["127.0.0.2", "127.0.0.1"] });
  assert.deepEqual(await tryDial("db", port, resolver), { fault: null, address: "127.0.0.1" });
});

test("a chosen IP version is kept to", async (t) => {
  const port = await onBoth(t);
  const resolver = resolving({ db: ["127.0.0.1", "::1"], four: ["127.0.0.1"] });
  assert.equal((await tryDial("db", port, resolver, "6")).address, "::1");
  assert.equal((await tryDial("db", port, resolver, "4")).address, "127.0.0.1");
  assert.equal((await tryDial("four", port, resolver, "6")).fault?.code, "ENODATA");
});

test("when all refuse, the first refusal is reported", async () => {
  const resolver = resolving({ db: ["127.0.0.1", "127.0.0.2", "::1"] });
  const { fault, address } = await tryDial("db", 1, resolver);
  assert.equal(fault?.reason, "refused");
  assert.match(fault?.message ?? "", /^connect to 127\.0\.0\.1:1: the connection was refused/);
  assert.equal(address, "127.0.0.1");
});

test("a name that does not exist is not asked for twice", async () => {
  const asked: string[] = [];
  const { fault } = await tryDial("nowhere.example", 80, resolving({}, asked));
  assert.equal(fault?.reason, "dns");
  assert.deepEqual(asked, ["nowhere.example 4"]);
});

test("addresses the guard refuses are passed over, and reported when none is left", async (t) => {
  const port = await serve(t, tarpit, "127.0.0.1");
  const resolver = resolving({
    some: ["169.254.169.254", "127.0.0.1"],
    all: ["169.254.169.254", "fe80::1"],
  });
  assert.deepEqual(await tryDial("some", port, resolver), { fault: null, address: "127.0.0.1" });
  const { fault } = await tryDial("all", port, resolver);
  assert.equal(fault?.reason, "guard");
  assert.equal(fault?.message, "169.254.169.254 is a cloud metadata service");
});

test("an answer that changes between look-ups is judged anew each time", async (t) => {
  const port = await serve(t, tarpit, "127.0.0.1");
  let answer = "127.0.0.1";
  let lookUps = 0;
  const resolver: Resolver = {
    async resolve() {
      lookUps += 1;
      const value = [answer];
      answer = "169.254.169.254";
      return { kind: "ok", value };
    },
  };
  // Whoever looks a name up once to judge it and once more to dial it would dial the second answer here.
  assert.deepEqual(await tryDial("rebinding.example", port, resolver), {
    fault: null,
    address: "127.0.0.1",
  });
  assert.equal(lookUps, 1);
  assert.equal((await tryDial("rebinding.example", port, resolver)).fault?.reason, "guard");
});

const loopback = parseHost("127.0.0.1");
assert.ok(loopback !== undefined);

test("an anchor that accepts or refuses answers", async (t) => {
  const parts = testParts();
  const accepting = { host: loopback, port: await serve(t, tarpit) };
  assert.equal(await anchorWitness(accepting, parts).answers(1_000), true);
  assert.equal(await anchorWitness({ host: loopback, port: 1 }, parts).answers(1_000), true);
});

test("an anchor that cannot be looked up does not answer", async () => {
  const parts = { clock: systemClock, resolver: resolving({}), guard: () => undefined };
  const gone = { host: { kind: "name", name: "gone" }, port: 1 } as const;
  assert.equal(await anchorWitness(gone, parts).answers(1_000), false);
});

test("what accepts or refuses a connection is told to have answered", async (t) => {
  const told: string[] = [];
  const network = {
    answered: (address: string, port: number | null) => void told.push(`${address} ${port}`),
  };
  const parts = { clock: systemClock, resolver: resolving({}), guard: () => undefined, network };
  const port = await serve(t, tarpit);
  for (const one of [port, 1]) {
    using deadline = new Deadline(systemClock, {
      timeoutMs: 2_000,
      signal: new AbortController().signal,
    });
    const report = { resolveMs: 0, connectMs: 0, address: null };
    const dialled = await dial(loopback, one, "any", deadline, parts, report);
    if (dialled.kind === "ok") dialled.value.destroy();
    assert.equal(deadline.about, "127.0.0.1");
  }
  assert.deepEqual(told, [`127.0.0.1 ${port}`, "127.0.0.1 1"]);
});
