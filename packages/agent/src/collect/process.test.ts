import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree, type FileTree } from "./file-tree.kit.ts";
import { pageBytes, process as processCollector } from "./process.ts";
import { parseProcessStat } from "./process-stat.ts";
import { readSmallBytes } from "./small-file.ts";

interface Fake {
  readonly name: string;
  readonly state?: string;
  readonly userTicks?: number;
  readonly threads?: number;
  readonly startTicks?: number;
  readonly pages?: number;
}

function addProcess(tree: FileTree, pid: number, fake: Fake): void {
  const { name, state = "S", userTicks = 0, threads = 1, startTicks = 500, pages = 0 } = fake;
  const before = `${state} 1 1 1 0 -1 4194560 100 0 0 0 ${userTicks} 10 0 0 20 0`;
  const after = `${threads} 0 ${startTicks} 1000000 ${pages} 18446744073709551615 0 0`;
  tree.write(`/proc/${pid}/stat`, `${pid} (${name}) ${before} ${after}\n`);
}

test("a name may hold brackets, blanks and what else a person thinks of", () => {
  for (const name of ["sh", "a b", "a) S 1 (b", "((", "tmux: server", ""]) {
    const line = Buffer.from(
      `7 (${name}) D 1 7 7 0 -1 64 1 2 3 4 11 22 5 6 20 0 3 0 900 5000 77 18446744073709551615 0`,
    );
    const stat = parseProcessStat(line, line.length);
    assert.equal(stat?.name(), name);
    const { state, cpuTicks, threads, startTicks, residentPages } = stat ?? {};
    assert.deepEqual(
      { state, cpuTicks, threads, startTicks, residentPages },
      { state: "D", cpuTicks: 33, threads: 3, startTicks: 900, residentPages: 77 },
    );
  }
});

for (const text of ["", "7", "7 (sh", "7 (sh) S", "7 (sh) S 1 2 3", ")("])
  test(`is no process: ${JSON.stringify(text)}`, () => {
    assert.equal(parseProcessStat(Buffer.from(text), text.length), undefined);
  });

test("counts by state, and names who uses most since the round before", async () => {
  using tree = fileTree();
  tree.write("/proc/uptime", "100.00 100.00\n");
  tree.write("/proc/sys/kernel/threads-max", "255000\n");
  tree.write("/proc/sys/kernel/pid_max", "4194304\n");
  tree.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n");
  addProcess(tree, 1, { name: "init", userTicks: 9_490, startTicks: 500 });
  addProcess(tree, 20, { name: "busy\u001b[2J", userTicks: 500, threads: 4, pages: 100 });
  addProcess(tree, 30, { name: "large", state: "D", pages: 5_000 });
  addProcess(tree, 40, { name: "gone", state: "Z" });
  using trial = new Trial(processCollector, tree.root, { topProcesses: 2 });
  const values = await trial.round();
  assert.equal(values['node_processes_state{state="S"}'], 2);
  assert.equal(values['node_processes_state{state="D"}'], 1);
  assert.equal(values['node_processes_state{state="Z"}'], 1);
  assert.equal(values['node_processes_state{state="R"}'], 0);
  assert.equal(values["node_processes_threads"], 7);
  assert.equal(values["node_processes_pids"], 4);
  assert.equal(values["node_processes_max_threads"], 255_000);
  assert.equal(values["node_processes_max_processes"], 4_194_304);
  const first = trial.facts.processes;
  assert.equal(first?.total, 4);
  assert.deepEqual(first?.by_cpu[0]?.name, "init", "over its life at first, as ps shows it");
  assert.equal(first?.by_cpu[0]?.cpu_cores, 1);
  assert.deepEqual(
    first?.by_memory.map(({ name, memory_bytes }) => [name, memory_bytes]),
    [
      ["large", 5_000 * 4096],
      ["busy[2J", 100 * 4096],
    ],
  );

  trial.monotonicMs += 10_000;
  addProcess(tree, 20, { name: "busy", userTicks: 2_000, threads: 4, pages: 100 });
  addProcess(tree, 30, { name: "reused", userTicks: 240, startTicks: 9_000, pages: 5_000 });
  await trial.round();
  assert.deepEqual(
    trial.facts.processes?.by_cpu.map(({ pid, name, cpu_cores }) => [pid, name, cpu_cores]),
    [
      [20, "busy", 1.5],
      [30, "reused", 0.25],
    ],
  );
});

test("shows a real process that works, with its owner and its memory", async () => {
  const child = spawn(process.execPath, ["-e", "process.title = 'belfry busy'; for (;;);"]);
  await once(child, "spawn");
  try {
    using trial = new Trial(processCollector, null, { topProcesses: 20 });
    const startedAt = performance.now();
    await trial.round();
    // Hundredths of a second have to pass before the kernel counts any.
    while (performance.now() - startedAt < 300) statSync("/proc/self");
    trial.monotonicMs += performance.now() - startedAt;
    const values = await trial.round();
    const shown = trial.facts.processes?.by_cpu.find(({ pid }) => pid === child.pid);
    assert.ok(shown !== undefined && shown.cpu_cores > 0.05 && shown.cpu_cores < 1.5);
    assert.equal(shown.user, userInfo().username);
    assert.ok(shown.memory_bytes > 10e6 && shown.memory_bytes < 500e6);
    const pids = values["node_processes_pids"] ?? 0;
    assert.equal(trial.facts.processes?.total, pids);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

test("agrees with ps about this process", async () => {
  using trial = new Trial(processCollector, null, { topProcesses: 50 });
  await trial.round();
  const columns = "pid=,user:32=,rss=,comm=";
  const output = execFileSync("ps", ["-A", "-o", columns], { encoding: "utf8" });
  const lines = output.trimEnd().split("\n");
  const line = lines.find((one) => Number(one.trim().split(/\s+/)[0]) === process.pid) ?? "";
  const [, user, kib, ...name] = line.trim().split(/\s+/);
  const shown = trial.facts.processes?.by_memory.find(({ pid }) => pid === process.pid);
  assert.equal(shown?.name, name.join(" "));
  assert.equal(shown?.user, user);
  assert.ok(Math.abs((shown?.memory_bytes ?? 0) / 1_024 / Number(kib) - 1) < 0.2);
  const total = trial.facts.processes?.total ?? 0;
  assert.ok(Math.abs(total - lines.length) <= 20, `${total} processes, ps shows ${lines.length}`);
});

test("the size of a page is what the kernel told this process", () => {
  assert.equal(pageBytes(undefined), 4_096);
  const vector = Buffer.alloc(48);
  vector.writeBigUInt64LE(33n, 0);
  vector.writeBigUInt64LE(6n, 16);
  vector.writeBigUInt64LE(16_384n, 24);
  assert.equal(pageBytes(vector), 16_384);
  assert.ok([4_096, 16_384, 65_536].includes(pageBytes(readSmallBytes("/proc/self/auxv"))));
});
