import assert from "node:assert/strict";
import { test } from "node:test";
import { createBoard } from "./live/board.ts";
import type { Monitor } from "./model/monitor.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";
import { keepOwnMonitor, reachedByAll } from "./own-monitor.ts";
import { kindOf } from "./probe/probe.kit.ts";

function open(existing?: Partial<Monitor>) {
  const board = createBoard();
  const own = { labels: { belfry: "self" }, ...existing };
  if (existing !== undefined) board.put(exampleMonitor(own), undefined, 1);
  const written: Monitor[] = [];
  const write = async (monitor: Monitor): Promise<void> => void written.push(monitor);
  const parts = {
    clock: { now: () => 7, monotonicMs: () => 7 },
    board,
    kinds: new Map([["http", kindOf("http")]]),
    desk: { create: write, update: write },
  };
  return {
    written,
    keep: (url: string | null, isNew = false) => keepOwnMonitor(url, isNew, parts),
  };
}

const addressOf = ([monitor]: readonly Monitor[]): unknown => monitor?.settings["url"];

test("a new installation is given a monitor of its own", async () => {
  const { written, keep } = open();
  await keep("http://127.0.0.1:8000", true);
  assert.equal(addressOf(written), "http://127.0.0.1:8000/health");
});

test("who deleted it is not given another one", async () => {
  const { written, keep } = open();
  await keep("http://127.0.0.1:8000");
  assert.deepEqual(written, []);
});

test("it follows the address", async () => {
  const { written, keep } = open({ settings: { url: "http://127.0.0.1:8000/health" } });
  await keep("https://belfry.example.org");
  assert.equal(addressOf(written), "https://belfry.example.org/health");
});

for (const { url, enabled, isPaused } of [
  { url: "http://127.0.0.1:8000/health", enabled: true, isPaused: true },
  { url: "http://[::1]:8000/health", enabled: true, isPaused: true },
  { url: "http://localhost/health", enabled: true, isPaused: true },
  { url: "http://127.0.0.1:8000/health", enabled: false, isPaused: false },
  { url: "https://belfry.example.org/health", enabled: true, isPaused: false },
  { url: "http://127.example.org/health", enabled: true, isPaused: false },
]) {
  test(`in a fleet without an address for people ${url} ${isPaused ? "is paused" : "is left"}`, async () => {
    const { written, keep } = open({ settings: { url }, enabled });
    await keep(null, true);
    assert.deepEqual(
      written.map((monitor) => [monitor.enabled, monitor.version]),
      isPaused ? [[false, 2]] : [],
    );
  });
}

test("in a fleet an address counts that means the same on every machine", () => {
  assert.equal(reachedByAll("https://belfry.example.org"), "https://belfry.example.org");
  for (const url of [null, "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8000"]) {
    assert.equal(reachedByAll(url), null);
  }
});
