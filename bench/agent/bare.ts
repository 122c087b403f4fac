/**
 * An agent and nothing else: all collectors at the pace of a real one. Prints a line of JSON once the first rounds are
 * over, and another each time it is told to on its standard input.
 */
import { createInterface } from "node:readline";
import { createAgent } from "../../packages/agent/src/index.ts";

export interface BareState {
  /** User and system time since the start, in µs. */
  readonly cpuMicroseconds: number;
  /** Monotonic ms. */
  readonly atMs: number;
  readonly series: number;
}

const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
const agent = createAgent(
  {
    roots: { proc: "/proc", sys: "/sys", root: "" },
    diskPath: "/",
    topProcesses: 10,
    containerSocket: null,
    intervalMs: 5_000,
  },
  { clock, log: { info: () => undefined, warn: () => undefined } },
);

function tell(): void {
  const { user, system } = process.cpuUsage();
  const state: BareState = {
    cpuMicroseconds: user + system,
    atMs: clock.monotonicMs(),
    series: agent.latest?.series.length ?? 0,
  };
  process.stdout.write(`${JSON.stringify(state)}\n`);
}

setTimeout(tell, 6_000);
createInterface({ input: process.stdin })
  .on("line", tell)
  .on("close", () => process.exit(0));
