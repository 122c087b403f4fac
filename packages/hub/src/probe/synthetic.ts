/**
 * `synthetic`: what an Amaunator target without an address does. Waits a random whole number of seconds from 1 to
 * 1.2 × the time limit and yields a random whole number from 0 to 100, or −1 when the limit passes first. It checks
 * nothing and says so: for trying out the path of the data.
 */
import { Type } from "typebox";
import type { CheckKind, Probe } from "../model/check-kind.ts";
import { concludeFault, concludeUp } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import type { Fault } from "./fault.ts";
import { defineKind } from "./kind.ts";
import type { ProbeParts } from "./parts.ts";

const SyntheticSettingsSchema = Type.Object(
  {
    longest_wait_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 600,
        title: "Longest wait",
        unit: "seconds",
        description:
          "Waits are whole seconds from 1 up to this; 1.2 × the time limit when left out",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Makes the kind. */
export function createSyntheticKind(parts: ProbeParts): CheckKind {
  return defineKind({
    kind: "synthetic",
    title: "Made up",
    description: "Checks nothing: waits and yields a random number, for trying things out",
    schema: SyntheticSettingsSchema,
    secrets: [],
    metrics: [{ name: "probe_synthetic_value", help: "A random number, −1 on time-out" }],
    real: false,
    problemsOf: () => [],
    targetOf: () => "made up",
    hostOf: () => "",
    createProbe: (settings) => createSyntheticProbe(settings.longest_wait_seconds, parts),
  });
}

function createSyntheticProbe(longestSeconds: number | undefined, parts: ProbeParts): Probe {
  return async (context) => {
    using deadline = new Deadline(parts.clock, context);
    const longest = longestSeconds ?? Math.round((context.timeoutMs / 1_000) * 1.2);
    const waitMs = longest < 1 ? longest * 1_000 : wholeNumber(1, longest) * 1_000;
    const fault = await pause(waitMs, deadline);
    const value = fault === null ? wholeNumber(0, 100) : -1;
    const findings = { measurements: { probe_synthetic_value: value }, statusCode: null };
    if (fault === null) return concludeUp(deadline, { ...findings, certificateDays: null });
    const evidence = { made_up: true, waited_seconds: waitMs / 1_000 };
    return await concludeFault(deadline, fault, parts, { ...findings, evidence });
  };

  function wholeNumber(least: number, most: number): number {
    return least + Math.floor(parts.random() * (Math.floor(most) - least + 1));
  }
}

function pause(waitMs: number, deadline: Deadline): Promise<Fault | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      deadline.waited();
      resolve(null);
    }, waitMs);
    deadline.wait("the made-up answer", (fault) => {
      clearTimeout(timer);
      resolve(fault);
    });
  });
}
