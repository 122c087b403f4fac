/**
 * The alerts of the Monitoring Stack's server, as rules of Belfry. Each of their troubles is an incident of its own, which
 * no other joins and none inhibits: who is posted them knows of nothing but one host and one metric at a time.
 */
import { hostMetrics } from "@belfry/contract";
import type { Incident } from "./incident.ts";

/** By the word of the alert's body: the rule, and the ratio it looks at. */
export const stackAlerts = {
  cpu: { rule: "statix_cpu", series: hostMetrics.cpuRatio.name },
  ram: { rule: "statix_ram", series: hostMetrics.memoryRatio.name },
} as const;

const rules: ReadonlySet<string> = new Set(Object.values(stackAlerts).map(({ rule }) => rule));

/** Whether a rule is told apart from all others. */
export function isApart(rule: string): boolean {
  return rules.has(rule);
}

/** Whether an incident is one that is told apart. */
export function isToldApart({ troubles }: Pick<Incident, "troubles">): boolean {
  return troubles.some(({ rule }) => isApart(rule));
}
