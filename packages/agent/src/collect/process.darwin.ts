/**
 * Processes of a Mac: `ps`, with the names of programs and never their arguments. Counted and chosen as on Linux; how many
 * threads there are, `ps` does not tell without a line for each.
 */
import type { HostDetails, ProcessDetails } from "@belfry/contract";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText } from "./host-text.ts";
import { processMetrics } from "./process.ts";
import { TopList } from "./top-list.ts";

const { states: statesMetric, pids: pidsMetric } = processMetrics;
const mostShown = 50;

export interface DarwinProcess {
  readonly pid: number;
  /** First letter: R, S, I, T, U, Z. */
  readonly state: string;
  readonly user: string;
  readonly memoryBytes: number;
  /** Seconds of CPU since its start, and since when that is. */
  readonly cpuSeconds: number;
  readonly ageSeconds: number;
  readonly name: string;
}

export function createDarwinProcess(run: RunProgram): CollectorSpec {
  return {
    name: "process",
    pace: 30,
    metrics: [statesMetric, pidsMetric],
    create({ topProcesses }, { section, facts, monotonicMs }) {
      let before = new Map<number, number>();
      let readAtMs: number | null = null;
      const size = Math.min(topProcesses, mostShown);
      return {
        async collect() {
          const columns = "pid=,state=,user=,rss=,time=,etime=,comm=";
          const output = await run("/bin/ps", ["-A", "-c", "-o", columns]);
          if (output === undefined) return;
          const all = parseProcesses(output);
          const now = monotonicMs();
          const elapsedSeconds = readAtMs === null ? null : (now - readAtMs) / 1_000;
          readAtMs = now;
          const states = new Map<string, number>();
          const byCpu = new TopList<ProcessDetails>(size);
          const byMemory = new TopList<ProcessDetails>(size);
          for (const one of all) {
            states.set(one.state, (states.get(one.state) ?? 0) + 1);
            const cores = coresOf(one, before.get(one.pid), elapsedSeconds);
            const make = (): ProcessDetails => processFact(one, cores);
            byCpu.offer(cores, make);
            byMemory.offer(one.memoryBytes, make);
          }
          before = new Map(all.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
          for (const [state, count] of states) section.put(statesMetric, { state }, count);
          section.put(pidsMetric, {}, all.length);
          const found: HostDetails["processes"] = {
            total: all.length,
            by_cpu: byCpu.items(),
            by_memory: byMemory.items(),
          };
          facts.set("processes", found);
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinProcess: CollectorSpec = createDarwinProcess(runProgram);

/** Since the round before; over its life in the first round. Less time than before: another process has its number. */
function coresOf(
  { cpuSeconds, ageSeconds }: DarwinProcess,
  before: number | undefined,
  elapsedSeconds: number | null,
): number {
  const isKnown = before !== undefined && before <= cpuSeconds;
  const used = isKnown ? cpuSeconds - before : cpuSeconds;
  const elapsed = elapsedSeconds ?? ageSeconds;
  return elapsed > 0 ? Math.round((used / elapsed) * 10_000) / 10_000 : 0;
}

function processFact(
  { pid, name, user, memoryBytes }: DarwinProcess,
  cores: number,
): ProcessDetails {
  return { pid, name, user, cpu_cores: cores, memory_bytes: memoryBytes };
}

/** Lines of `ps`; those that are no process are left out. */
export function parseProcesses(output: string): readonly DarwinProcess[] {
  return output.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\S+)\s+(\S+)\s+(\d+)\s+([\d:.-]+)\s+([\d:.-]+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, state = "", user = "", kib, time = "", age = "", name = ""] = match;
    return [
      {
        pid: Number(pid),
        state: state.slice(0, 1),
        user: hostText(user, 256),
        memoryBytes: Number(kib) * 1_024,
        cpuSeconds: secondsOf(time),
        ageSeconds: secondsOf(age),
        name: hostText(name),
      },
    ];
  });
}

/** `2-03:04:05`, `3:04:05` and `4:05.67` in seconds. */
function secondsOf(text: string): number {
  const [, days = "0", rest = ""] = /^(?:(\d+)-)?(.*)$/.exec(text) ?? [];
  const clock = rest.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + clock;
}
