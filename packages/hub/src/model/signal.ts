/**
 * What alerting consumes: something began to be wrong, changed, or is over. Whoever notices it (judging, a rule, a job's
 * expectation, Belfry watching itself, another system) says so in this form, in the transaction of what it noticed.
 */
import type { Reason, Severity } from "@belfry/contract";
import type { Evidence } from "./outcome.ts";

/** What can be in trouble. The id of a host is that of the monitor that follows it; of Belfry's own parts, their name. */
export interface SignalSubject {
  readonly kind: "monitor" | "host" | "job" | "belfry" | "external";
  readonly id: string;
  readonly name: string;
}

/** Times are epoch ms. */
export interface Signal {
  /**
   * One trouble of one subject: `<rule>:<subject kind>:<subject id>`, with a series behind it where a rule looks at
   * several. Raised twice it is one trouble; cleared when it is not raised, nothing.
   */
  readonly key: string;
  readonly state: "raised" | "cleared";
  /** `monitor_down`, `host_silent`, `job_failed` …; of own rules their name. */
  readonly rule: string;
  readonly subject: SignalSubject;
  readonly severity: Severity;
  /** When it began or ended, and when that became certain. */
  readonly at: number;
  readonly decidedAt: number;
  /** One line without markup: `refused the connection`, `disk / is 93 % full, limit 90 %`. */
  readonly message: string;
  readonly reason: Reason | null;
  readonly evidence: Evidence;
  /** Of the subject and the rule; matchers choose by them. */
  readonly labels: Readonly<Record<string, string>>;
}
