import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileSystemView } from "@belfry/contract";
import {
  cpuOfProcess,
  fullInWords,
  levelOfFileSystem,
  sortFileSystems,
  systemWords,
  unitWords,
} from "./host-words.ts";

const day = 86_400;
const ends: readonly (readonly [seconds: number | null, text: string])[] = [
  [null, ""],
  [0, "full"],
  [5400, "full in 1 hour"],
  [3.9 * day, "full in 3 days"],
  [200 * day, "full in 200 days"],
  [400 * day, ""],
];
for (const [seconds, text] of ends) {
  test(`${seconds} s until it is full reads “${text}”`, () =>
    assert.equal(fullInWords(seconds), text));
}

function fs(mountpoint: string, change: Partial<FileSystemView> = {}): FileSystemView {
  return {
    mountpoint,
    device: "/dev/sda1",
    fstype: "ext4",
    size_bytes: 100,
    used_bytes: 50,
    available_bytes: 50,
    used_ratio: 0.5,
    inodes_used_ratio: null,
    read_only: false,
    full_in: null,
    ...change,
  };
}

test("space, inodes and time until it is full all count; what cannot be written to does not", () => {
  assert.equal(levelOfFileSystem(fs("/")), "fine");
  assert.equal(levelOfFileSystem(fs("/", { used_ratio: 0.85 })), "attention");
  assert.equal(levelOfFileSystem(fs("/", { inodes_used_ratio: 0.95 })), "bad");
  assert.equal(levelOfFileSystem(fs("/", { full_in: 3600 })), "bad");
  assert.equal(levelOfFileSystem(fs("/", { used_ratio: 1, read_only: true })), "fine");
});

test("the file system that needs a person stands first", () => {
  const all = [fs("/"), fs("/a", { used_ratio: 0.85 }), fs("/b", { used_ratio: 0.99 }), fs("/0")];
  assert.deepEqual(
    sortFileSystems(all).map(({ mountpoint }) => mountpoint),
    ["/b", "/a", "/", "/0"],
  );
});

test("a system is said as far as it is known", () => {
  assert.equal(
    systemWords({
      hostname: "a",
      os: "Linux",
      distribution: "Debian 12",
      kernel: "6.1.0",
      architecture: "x86_64",
      virtualization: "kvm",
    }),
    "Debian 12 · Linux 6.1.0 · x86_64 · kvm",
  );
  assert.equal(systemWords({ hostname: "a", os: "Darwin" }), "Darwin");
  assert.equal(systemWords({ hostname: "a", os: "Linux", kernel: "6.1" }), "Linux 6.1");
  assert.equal(systemWords(undefined), "");
});

test("units are counted by state, running ones first", () => {
  assert.equal(
    unitWords({ inactive: 8, failed: 1, active: 20, odd: 1, reloading: 0 }),
    "20 active, 1 failed, 8 inactive, 1 odd",
  );
});

test("CPU of a process reads as in top: 100 is one core", () => {
  assert.deepEqual([0, 0.004, 1.5].map(cpuOfProcess), ["0.0", "0.4", "150.0"]);
});
