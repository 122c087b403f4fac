import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { afterOpening } from "./after-opening.ts";

test("acts once, after the next opening, and not at all once nobody waits", () => {
  const opened = signal(3);
  const acts: string[] = [];
  afterOpening({ opened }, () => acts.push("a"));
  const stop = afterOpening({ opened }, () => acts.push("b"));
  assert.deepEqual(acts, []);
  stop();
  opened.value = 4;
  opened.value = 5;
  assert.deepEqual(acts, ["a"]);
});
