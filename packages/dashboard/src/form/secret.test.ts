import assert from "node:assert/strict";
import { test } from "node:test";
import { isMask, isSecret, withoutMasks } from "./secret.ts";

const secrets = ["auth.password", "secret_headers.*", "steps.*.token"];

for (const path of [
  ["auth", "password"],
  ["secret_headers", "x-key"],
  ["steps", 3, "token"],
]) {
  test(`${path.join(".")} is secret`, () => assert.equal(isSecret(path, secrets), true));
}
for (const path of [
  ["auth"],
  ["auth", "username"],
  ["secret_headers"],
  ["steps", 3, "token", "x"],
]) {
  test(`${path.join(".")} is none`, () => assert.equal(isSecret(path, secrets), false));
}

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
