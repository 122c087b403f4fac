/** Checks in processes that have used up their file handles, or have no network: Belfry is at fault, not the targets. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const kit = new URL("./probe.kit.ts", import.meta.url).href;

/** The targets are well: whatever is wrong is Belfry's own. */
const script = `
import { openSync, closeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { checkOnce, kindOf, testParts } from ${JSON.stringify(kit)};
const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const parts = testParts({ nameServers: ["127.0.0.1:" + port], pingProgram: "/bin/true" });
  const checks = [
    ["http", { url: "http://127.0.0.1:" + port + "/" }],
    ["http", { url: "http://named.example:" + port + "/" }],
    ["tcp", { host: "127.0.0.1", port }],
    ["tls", { host: "127.0.0.1", port }],
    ["dns", { name: "named.example", server: "127.0.0.1", port }],
    ["ping", { host: "127.0.0.1" }],
  ];
  // Everything a check loads on first use is loaded before the handles are gone.
  for (const [kind, settings] of checks) await checkOnce(kindOf(kind, parts), settings, { timeoutMs: 300 });
  const taken = [];
  try {
    for (;;) taken.push(openSync("/dev/null"));
  } catch {}
  const found = [];
  for (const [kind, settings] of checks) {
    const outcome = await checkOnce(kindOf(kind, parts), settings, { timeoutMs: 1000 });
    found.push([kind, outcome.reason]);
  }
  for (const file of taken) closeSync(file);
  console.log(JSON.stringify(found));
  process.exit(0);
});
`;

test(
  "without file handles every check is unknown(internal)",
  { skip: process.platform === "win32" && "no ulimit" },
  () => {
    const shell = 'ulimit -n 100 && exec "$0" --input-type=module --eval "$1"';
    const cwd = fileURLToPath(new URL(".", import.meta.url));
    const ran = spawnSync("sh", ["-c", shell, process.execPath, script], { cwd, encoding: "utf8" });
    assert.equal(ran.status, 0, ran.stderr);
    const found: unknown = JSON.parse(ran.stdout);
    assert.deepEqual(found, [
      ["http", "internal"],
      ["http", "internal"],
      ["tcp", "internal"],
      ["tls", "internal"],
      ["dns", "internal"],
      ["ping", "internal"],
    ]);
  },
);

const withoutNetwork = `
import { checkOnce, kindOf } from ${JSON.stringify(kit)};
const found = [];
for (const [kind, settings] of [
  ["http", { url: "http://192.0.2.1/" }],
  ["http", { url: "http://named.example/" }],
  ["dns", { name: "named.example" }],
  ["tcp", { host: "192.0.2.1", port: 1 }],
]) {
  const outcome = await checkOnce(kindOf(kind), settings, { timeoutMs: 20_000 });
  found.push([kind, outcome.reason]);
}
console.log(JSON.stringify(found));
`;

const canUnshare = spawnSync("unshare", ["-n", "true"]).status === 0;

test(
  "without a route every check is unknown(own_network)",
  { skip: !canUnshare && "may not make a network of its own here" },
  () => {
    const args = ["-n", process.execPath, "--input-type=module", "--eval", withoutNetwork];
    const ran = spawnSync("unshare", args, { encoding: "utf8" });
    assert.equal(ran.status, 0, ran.stderr);
    const found: unknown = JSON.parse(ran.stdout);
    assert.deepEqual(found, [
      ["http", "own_network"],
      ["http", "own_network"],
      ["dns", "own_network"],
      ["tcp", "own_network"],
    ]);
  },
);
