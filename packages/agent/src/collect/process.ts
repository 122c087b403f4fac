/**
 * Processes: counts by state, threads, and the few that use most CPU and memory, by name and never with arguments.
 *
 * One read per process and round: `/proc/<pid>/stat`. CPU is the time used since the round before; in the first round
 * it is the mean over the life of the process, as `ps` shows it. Only the processes that are shown are asked for their
 * owner (the owner of `/proc/<pid>`).
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { HostDetails, ProcessDetails } from "@belfry/contract";
import type { Section } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { hostText } from "./host-text.ts";
import { KeptFile } from "./kept-file.ts";
import { gauge } from "./metric.ts";
import { parseProcessStat, type ProcessStat } from "./process-stat.ts";
import { codeOf, readSmallBytes, readSmallFile } from "./small-file.ts";
import { TopList } from "./top-list.ts";
import { UserNames } from "./user-name.ts";

export const processMetrics = {
  states: gauge("node_processes_state", "Number of processes in each state."),
  threads: gauge("node_processes_threads", "Allocated threads in system"),
  pids: gauge("node_processes_pids", "Number of PIDs"),
  mostThreads: gauge("node_processes_max_threads", "Limit of threads in the system"),
  mostPids: gauge("node_processes_max_processes", "Number of max PIDs limit"),
} as const;

/** The kernel counts CPU time of processes in hundredths of a second, on every architecture Belfry runs on. */
const ticksPerSecond = 100;
/** Running, sleeping, waiting for a disk, ended, stopped, idle: states a process can be in are shown also when none is. */
const usualStates = ["R", "S", "D", "Z", "T", "I"];
/** The schema of details lists no more. */
const mostShown = 50;

export const process: CollectorSpec = {
  name: "process",
  pace: 15,
  metrics: Object.values(processMetrics),
  create({ roots, topProcesses }, { section, facts, monotonicMs }) {
    const table = new ProcessTable(roots.proc, Math.min(topProcesses, mostShown), monotonicMs);
    const users = new UserNames(roots.root);
    const limits = [
      [processMetrics.mostThreads, new KeptFile(`${roots.proc}/sys/kernel/threads-max`)],
      [processMetrics.mostPids, new KeptFile(`${roots.proc}/sys/kernel/pid_max`)],
    ] as const;
    return {
      collect() {
        const census = table.read();
        putCensus(census, section);
        for (const [metric, file] of limits) {
          const text = file.readText();
          if (text !== undefined) section.put(metric, {}, Number(text));
        }
        users.refresh();
        facts.set("processes", processFacts(census, roots.proc, users));
      },
      [Symbol.dispose]() {
        for (const [, file] of limits) file[Symbol.dispose]();
      },
    };
  },
};

/** What is known of a process from the round before. */
interface Known {
  startTicks: number;
  cpuTicks: number;
  round: number;
}

/** A process that is shown. */
interface Shown {
  readonly pid: number;
  readonly name: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly threads: number;
}

interface Census {
  readonly total: number;
  readonly threads: number;
  readonly states: ReadonlyMap<string, number>;
  readonly byCpu: readonly Shown[];
  readonly byMemory: readonly Shown[];
}

class ProcessTable {
  readonly #proc: string;
  readonly #shown: number;
  readonly #monotonicMs: () => number;
  readonly #pageBytes: number;
  readonly #known = new Map<number, Known>();
  readonly #buffer = Buffer.allocUnsafeSlow(1024);
  #round = 0;
  #readAtMs = 0;

  constructor(proc: string, shown: number, monotonicMs: () => number) {
    this.#proc = proc;
    this.#shown = shown;
    this.#monotonicMs = monotonicMs;
    this.#pageBytes = pageBytes(readSmallBytes(`${proc}/self/auxv`));
  }

  read(): Census {
    const now = this.#monotonicMs();
    const elapsedTicks =
      this.#round === 0 ? null : ((now - this.#readAtMs) / 1000) * ticksPerSecond;
    const upTicks = uptimeTicks(this.#proc);
    this.#round += 1;
    this.#readAtMs = now;
    const byCpu = new TopList<Shown>(this.#shown);
    const byMemory = new TopList<Shown>(this.#shown);
    const states = new Map(usualStates.map((state) => [state, 0]));
    let total = 0;
    let threads = 0;
    for (const name of readdirSync(this.#proc)) {
      const stat = isNumber(name) ? this.#readStat(name) : undefined;
      if (stat === undefined) continue;
      total += 1;
      threads += stat.threads;
      states.set(stat.state, (states.get(stat.state) ?? 0) + 1);
      const pid = Number(name);
      const cpuTicks = this.#cpuTicksOf(pid, stat);
      const cpuCores = ratio(cpuTicks, elapsedTicks ?? upTicks - stat.startTicks);
      const memoryBytes = stat.residentPages * this.#pageBytes;
      const shown = (): Shown => ({
        pid,
        name: hostText(stat.name()),
        cpuCores,
        memoryBytes,
        threads: stat.threads,
      });
      byCpu.offer(cpuCores, shown);
      byMemory.offer(memoryBytes, shown);
    }
    for (const [pid, known] of this.#known)
      if (known.round !== this.#round) this.#known.delete(pid);
    return { total, threads, states, byCpu: byCpu.items(), byMemory: byMemory.items() };
  }

  /** Ticks since the round before; all of them for a process that was not there then. */
  #cpuTicksOf(pid: number, { startTicks, cpuTicks }: ProcessStat): number {
    const known = this.#known.get(pid);
    if (known === undefined || known.startTicks !== startTicks) {
      this.#known.set(pid, { startTicks, cpuTicks, round: this.#round });
      return cpuTicks;
    }
    const used = Math.max(0, cpuTicks - known.cpuTicks);
    known.cpuTicks = cpuTicks;
    known.round = this.#round;
    return used;
  }

  /** undefined: it ended in the meantime. */
  #readStat(pid: string): ProcessStat | undefined {
    let fd: number | null = null;
    try {
      fd = openSync(`${this.#proc}/${pid}/stat`, "r");
      const length = readSync(fd, this.#buffer, 0, this.#buffer.length, 0);
      return parseProcessStat(this.#buffer, length);
    } catch (error) {
      if (isGone(codeOf(error))) return undefined;
      throw error;
    } finally {
      if (fd !== null) closeSync(fd);
    }
  }
}

function isGone(code: string | undefined): boolean {
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}

function ratio(used: number, elapsed: number): number {
  return elapsed > 0 ? Math.round((used / elapsed) * 10_000) / 10_000 : 0;
}

function isNumber(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57;
}

function uptimeTicks(proc: string): number {
  return Number.parseFloat(readSmallFile(`${proc}/uptime`) ?? "") * ticksPerSecond;
}

function putCensus({ states, threads, total }: Census, section: Section): void {
  for (const [state, count] of states) section.put(processMetrics.states, { state }, count);
  section.put(processMetrics.threads, {}, threads);
  section.put(processMetrics.pids, {}, total);
}

function processFacts(
  { total, byCpu, byMemory }: Census,
  proc: string,
  users: UserNames,
): HostDetails["processes"] {
  const fact = ({ pid, name, cpuCores, memoryBytes, threads }: Shown): ProcessDetails => {
    const uid = statSync(`${proc}/${pid}`, { throwIfNoEntry: false })?.uid;
    const rest = { cpu_cores: cpuCores, memory_bytes: memoryBytes, threads };
    return uid === undefined
      ? { pid, name, ...rest }
      : { pid, name, user: users.nameOf(uid), ...rest };
  };
  return { total, by_cpu: byCpu.map(fact), by_memory: byMemory.map(fact) };
}

/**
 * Bytes of a page, from the auxiliary vector of this process: pairs of 64-bit words, type 6 is the page size. It is
 * 4,096 on most machines, and 16,384 on a Raspberry Pi 5.
 */
export function pageBytes(auxv: Buffer | undefined): number {
  for (let at = 0; auxv !== undefined && at + 16 <= auxv.length; at += 16)
    if (auxv.readBigUInt64LE(at) === 6n) return Number(auxv.readBigUInt64LE(at + 8));
  return 4_096;
}
