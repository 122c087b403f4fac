/**
 * The port between `probe` and everybody else: what a check kind is. A kind is one file in `probe/` that exports one
 * `CheckKind`, and one line in `probe/registry.ts`.
 */
import type { JsonObject, Parsed } from "@belfry/contract";
import type { TSchema } from "typebox";
import type { Outcome } from "./outcome.ts";

/** One gauge a kind measures. `name` may carry labels: `probe_http_duration_seconds{phase="tls"}`. */
export interface MetricSpec {
  readonly name: string;
  readonly help: string;
}

/** What a probe is given to do one check. */
export interface ProbeContext {
  /** Aborts when the monitor is changed, paused or deleted, or Belfry stops; the outcome is then dropped. */
  readonly signal: AbortSignal;
  /** The whole check ends within this many ms, whatever the target does. */
  readonly timeoutMs: number;
}

/** Makes checks of one monitor; made anew whenever the monitor's settings change, so it may keep what it prepared. */
export type Probe = (context: ProbeContext) => Promise<Outcome>;

export interface CheckKind {
  readonly kind: string;
  /** Shown where a person picks a kind. */
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the settings with titles, descriptions, units and defaults: forms are drawn from it. */
  readonly schema: TSchema;
  /** Names of the settings that are written and never read back. Dotted: `auth.password`. */
  readonly secrets: readonly string[];
  /** Every measurement this kind may put into an outcome, beyond those of all kinds (`commonMetrics`). */
  readonly metrics: readonly MetricSpec[];
  /** false: opens no incident (made-up targets). */
  readonly real: boolean;
  /** true: Belfry checks nothing; it is told, and notices silence. Interval and time limit do not apply. */
  readonly passive?: true;
  /** true: monitors of this kind are made by Belfry and cannot be created by people. */
  readonly internal?: true;
  /** Where monitors of this kind are judged otherwise by default. */
  readonly judgingDefaults?: { readonly down_after: number };
  /** Fills in defaults and checks beyond the schema (a regex compiles, a port is in range). */
  parseSettings(settings: unknown, at?: string): Parsed<JsonObject>;
  /** What is checked, in one line: `https://example.org/`, `db:5432`. */
  targetOf(settings: JsonObject): string;
  /** A key for the bound on concurrent checks of one target machine: a host name or address in lower case. */
  hostOf(settings: JsonObject): string;
  createProbe(settings: JsonObject): Probe;
}

/** Measured for every kind. `probe_success` is 1 or 0 and absent when Belfry could not tell. */
export const commonMetrics = [
  { name: "probe_success", help: "Whether the check found its target up" },
  { name: "probe_duration_seconds", help: "How long the check took" },
] as const satisfies readonly MetricSpec[];
