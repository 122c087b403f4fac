import assert from "node:assert/strict";
import { test } from "node:test";
import { serveNames } from "./name-server.kit.ts";
import { serve, tarpit } from "./probe.kit.ts";
import { anyOf, isAnswer, knock, witnessMakers } from "./witness.ts";

test("a connection that is accepted or refused is an answer", async (t) => {
  assert.equal(await knock("127.0.0.1", await serve(t, tarpit), 1_000), true);
  assert.equal(await knock("127.0.0.1", 1, 1_000), true);
  assert.equal(await witnessMakers.target("127.0.0.1", 1).answers(1_000), true);
  assert.equal(await witnessMakers.gateway("127.0.0.1").answers(1_000), true);
});

test("an address without a route, or that cannot be one, does not answer", async () => {
  assert.equal(await knock("255.255.255.255", 9, 300), false);
  assert.equal(await knock("fe80::1%no-such-interface", 9, 300), false);
});

for (const code of ["SERVFAIL", "REFUSED", "NXDOMAIN"] as const) {
  test(`a name server that says ${code} answers`, async (t) => {
    const names = await serveNames(t, () => ({ code }));
    const witness = witnessMakers.nameServer(`127.0.0.1:${names.port}`);
    assert.equal(await witness.answers(1_000), true);
  });
}

test("one that is silent does not, within the time", async (t) => {
  const names = await serveNames(t, () => "silence");
  const before = performance.now();
  const witness = witnessMakers.nameServer(`127.0.0.1:${names.port}`);
  assert.equal(await witness.answers(300), false);
  assert.ok(performance.now() - before < 2_000);
});

test("errors of this machine are no answers", () => {
  for (const code of ["ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "EMFILE", null]) {
    assert.equal(isAnswer(code), false);
  }
});

test("one answer is enough, and none is none", async () => {
  const never = new Promise<boolean>(() => undefined);
  assert.equal(await anyOf([never, Promise.resolve(false), Promise.resolve(true)]), true);
  assert.equal(await anyOf([Promise.resolve(false)]), false);
  assert.equal(await anyOf([]), false);
});
