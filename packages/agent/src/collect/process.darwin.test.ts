import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree, recorded } from "./file-tree.kit.ts";
import { createDarwinProcess, parseProcesses } from "./process.darwin.ts";

test("ages and times of ps in seconds; a name may hold blanks and brackets", () => {
  const all = parseProcesses(recorded("darwin/ps.txt"));
  assert.equal(all.length, 5);
  assert.deepEqual(all[0], {
    pid: 1,
    state: "S",
    user: "root",
    memoryBytes: 14_336 * 1_024,
    cpuSeconds: 302.31,
    ageSeconds: 10 * 86_400 + 2 * 3_600 + 3 * 60 + 4,
    name: "launchd",
  });
  assert.equal(all[2]?.name, "Code Helper (Renderer)");
  assert.deepEqual(parseProcesses("nonsense\n\n"), []);
});

test("names who uses most, by the difference between rounds", async () => {
  using tree = fileTree();
  let output = recorded("darwin/ps.txt");
  const run = () => Promise.resolve(output);
  using trial = new Trial(createDarwinProcess(run), tree.root, { topProcesses: 2 });
  assert.deepEqual(await trial.round(), {
    'node_processes_state{state="S"}': 2,
    'node_processes_state{state="R"}': 1,
    'node_processes_state{state="U"}': 1,
    'node_processes_state{state="Z"}': 1,
    node_processes_pids: 5,
  });
  const { by_cpu: first = [], by_memory: largest = [] } = trial.facts.processes ?? {};
  assert.deepEqual(first[0], {
    pid: 900,
    name: "Code Helper (Renderer)",
    user: "ada",
    cpu_cores: 0.5,
    memory_bytes: 904_000 * 1_024,
  });
  assert.deepEqual(
    largest.map(({ pid }) => pid),
    [900, 312],
  );
  output = output.replace("180:00.00", "180:15.00").replace("0:30.00", "0:00.60");
  trial.monotonicMs += 30_000;
  await trial.round();
  assert.deepEqual(
    trial.facts.processes?.by_cpu.map(({ pid, cpu_cores }) => [pid, cpu_cores]),
    [
      [312, 0.5],
      [900, 0.02],
    ],
    "a process that used less than before is another one",
  );
});
