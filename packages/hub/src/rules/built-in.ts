/**
 * The rules every hub comes with: what goes wrong on hosts, over the series the agent sends. A rule applies where its
 * series exist: a machine without sensors has no temperature to worry about. Limits are cautious: a rule that rings
 * without need is switched off, and then it does not ring when there is need.
 */
import { memoryRules, processorRules } from "./built-in-compute.ts";
import { deviceRules } from "./built-in-device.ts";
import { storageRules } from "./built-in-storage.ts";
import type { BuiltInRule, BuiltInText } from "./built-in-text.ts";

/** Every built-in rule by its id. */
export const builtInRules: ReadonlyMap<string, BuiltInRule> = new Map(
  [...processorRules, ...memoryRules, ...storageRules, ...deviceRules].map((one) => [
    one.id,
    builtIn(one),
  ]),
);

function builtIn(text: BuiltInText): BuiltInRule {
  const { id, title, severity, condition, forSeconds, unit, what, description } = text;
  return {
    id,
    unit,
    what,
    rule: {
      name: title,
      enabled: true,
      severity,
      subject: "host",
      matchers: [],
      condition,
      for_seconds: forSeconds,
      recovery_for_seconds: text.recoveryForSeconds ?? 120,
      labels: {},
      description,
    },
  };
}
