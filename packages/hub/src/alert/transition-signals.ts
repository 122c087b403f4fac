/**
 * Transitions → signals: pure. While a monitor flaps, what is wrong with it stays raised, so that twenty changes are one
 * trouble. `unknown` raises and clears nothing: it is Belfry's own fault. What is degraded for its certificate alone is told
 * by `certificate_expiring`.
 */
import type { Reason } from "@belfry/contract";
import type { Subject } from "../model/incident.ts";
import type { Transition } from "../model/judgement.ts";
import type { Signal } from "../model/signal.ts";

/** A monitor, or the host that one follows, as signals name it. */
export interface FollowedSubject {
  readonly subject: Subject;
  readonly labels: Readonly<Record<string, string>>;
}

/** The signals a change of status means, what is raised first: an incident goes on where one trouble follows another. */
export function signalsOf(transition: Transition, followed: FollowedSubject): readonly Signal[] {
  const { knownTo, flapping } = transition;
  const isDown = knownTo === "down";
  const isDegraded = knownTo === "degraded" && transition.onlyForCertificate !== true;
  const downRule = followed.subject.kind === "host" ? "host_silent" : "monitor_down";
  const make = (rule: string, raised: boolean): Signal =>
    signalOf(rule, raised ? "raised" : "cleared", transition, followed);
  const raised = [
    ...(isDown ? [make(downRule, true)] : []),
    ...(isDegraded && transition.to !== "unknown" ? [make("monitor_degraded", true)] : []),
    ...(flapping ? [make("monitor_flapping", true)] : []),
  ];
  const cleared = [
    ...(isDown || flapping ? [] : [make(downRule, false)]),
    ...(isDegraded || flapping ? [] : [make("monitor_degraded", false)]),
    ...(flapping ? [] : [make("monitor_flapping", false)]),
  ];
  return [...raised, ...cleared];
}

const severities = {
  monitor_down: "critical",
  host_silent: "critical",
  monitor_degraded: "warning",
  monitor_flapping: "warning",
} as const;

function signalOf(
  rule: string,
  state: Signal["state"],
  transition: Transition,
  { subject, labels }: FollowedSubject,
): Signal {
  const failure = rule === "monitor_flapping" ? null : transition.failure;
  return {
    key: `${rule}:${subject.kind}:${subject.id}`,
    state,
    rule,
    subject,
    severity: rule in severities ? severities[rule as keyof typeof severities] : "warning",
    at: failure?.at ?? transition.at,
    decidedAt: transition.decidedAt,
    message: messageOf(rule, transition),
    reason: reasonOf(rule, transition),
    evidence: failure?.evidence ?? {},
    labels,
  };
}

function messageOf(rule: string, { failure, message }: Transition): string {
  if (rule === "monitor_flapping") return "changes between up and down again and again";
  return failure?.message ?? message ?? "";
}

function reasonOf(rule: string, { failure, reason }: Transition): Reason | null {
  return rule === "monitor_flapping" ? null : (failure?.reason ?? reason);
}
