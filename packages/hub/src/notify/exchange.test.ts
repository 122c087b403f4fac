import assert from "node:assert/strict";
import { test } from "node:test";
import { secretsOfUrl } from "./exchange.ts";

test("path and query of an address are secret as a whole, however short", () => {
  assert.ok(secretsOfUrl("https://hooks.example/t/a1?k=b2").includes("/t/a1?k=b2"));
});

test("the longer parts are secret in other words too", () => {
  const secrets = secretsOfUrl(
    "https://ann:p%40ssword1@hooks.example/t/long%2Dtoken?key=0123456789",
  );
  for (const secret of ["p@ssword1", "long-token", "0123456789"])
    assert.ok(secrets.includes(secret), secret);
});

test("an address without a path has nothing to hide", () => {
  assert.deepEqual(secretsOfUrl("https://hooks.example/"), []);
});
