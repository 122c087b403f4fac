/** Metrics of how rules over series are looked at. */
import { Gauge, type Registry } from "prom-client";

/** What is told of it; see `RunnerStats`. */
export interface RuleFigures {
  readonly sources: number;
  readonly bytes: number;
  readonly refused: number;
  readonly roundMs: number;
  readonly waiting: number;
}

const gauges = {
  belfry_rule_sources: [
    "Hosts, monitors and jobs whose samples rules look at",
    ({ sources }) => sources,
  ],
  belfry_rule_memory_bytes: ["What is kept of samples for rules", ({ bytes }) => bytes],
  belfry_rule_sources_refused: [
    "Subjects that are not looked at for want of room",
    ({ refused }) => refused,
  ],
  belfry_rule_round_seconds: [
    "What the last look at every rule took",
    ({ roundMs }) => roundMs / 1000,
  ],
  belfry_rule_decisions_waiting: [
    "Decisions of rules that wait for the store",
    ({ waiting }) => waiting,
  ],
} as const satisfies Record<string, readonly [string, (figures: RuleFigures) => number]>;

/** Adds the metrics; they are read at each scrape. */
export function addRuleMetrics(registry: Registry, read: () => RuleFigures): void {
  for (const [name, [help, valueOf]] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(valueOf(read()));
      },
    });
  }
}
