import assert from "node:assert/strict";
import { test } from "node:test";
import { isForPage, keyCap, keyTable, type KeyPress } from "./keys.ts";

const press: KeyPress = {
  key: "n",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  defaultPrevented: false,
  isComposing: false,
};
const free = { typing: false, dialogOpen: false };

test("a plain key is for the page", () => assert.equal(isForPage(press, free), true));

const others: readonly (readonly [what: string, change: Partial<KeyPress>, focus: typeof free])[] =
  [
    ["with Ctrl", { ctrlKey: true }, free],
    ["with Meta", { metaKey: true }, free],
    ["with Alt", { altKey: true }, free],
    ["that something took already", { defaultPrevented: true }, free],
    ["of an input method", { isComposing: true }, free],
    ["typed into a field", {}, { ...free, typing: true }],
    ["while a dialog is open", {}, { ...free, dialogOpen: true }],
  ];
for (const [what, change, focus] of others) {
  test(`a key ${what} is not for the page`, () =>
    assert.equal(isForPage({ ...press, ...change }, focus), false));
}

test("no key means two things in one place", () => {
  for (const place of ["overview", "monitor", "host", "job"] as const) {
    const keys = keyTable
      .filter((row) => row.place === place || row.place === "everywhere")
      .flatMap((row) => [...row.keys]);
    assert.deepEqual(keys, [...new Set(keys)]);
  }
});

test("keys are shown as they stand on keyboards", () => {
  assert.deepEqual(["Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "/"].map(keyCap), [
    "Esc",
    "↑",
    "↓",
    "←",
    "→",
    "/",
  ]);
});
