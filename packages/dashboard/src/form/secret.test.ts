import assert from "node:assert/strict";
import { test } from "node:test";
import { isKept, isMask, isSecret, mask, withoutMasks } from "./secret.ts";

const secrets = ["auth.password", "secret_headers.*", "steps.*.token"];

for (const path of [
  ["auth", "password"],
  ["secret_headers", "x-key"],
  ["steps", 3, "token"],
  ["steps", 3, "token", "x"],
]) {
  test(`${path.join(".")} is secret`, () => assert.equal(isSecret(path, secrets), true));
}
for (const path of [["auth"], ["auth", "username"], ["secret_headers"], ["steps", 3, "tokens"]]) {
  test(`${path.join(".")} is none`, () => assert.equal(isSecret(path, secrets), false));
}

test("what is stored, or is to be removed, is not edited", () => {
  assert.ok(isMask(mask));
  assert.ok(isKept(mask, true));
  assert.ok(isKept(null, false));
  for (const value of [undefined, "", {}, []]) assert.ok(!isKept(value, false));
  assert.ok(!isKept(null, true), "null is a value here");
});

test("only the mask itself is a mask", () => {
  assert.equal(isMask({ set: true }), true);
  assert.deepEqual([{ set: false }, { set: true, more: 1 }, "set", null].map(isMask), [
    false,
    false,
    false,
    false,
  ]);
});

test("a copy takes no masks along", () => {
  const settings = {
    url: "u",
    auth: { username: "a", password: { set: true } },
    list: [{ token: { set: true } }],
  };
  assert.deepEqual(withoutMasks(settings), { url: "u", auth: { username: "a" }, list: [{}] });
});
