/**
 * The alerts of the Monitoring Stack's server as what Belfry has for them: a channel for its webhook, a rule over hosts for
 * each threshold, and a route from the rules to the channel, behind which all others go on as if it were not there.
 */
import { stackAlerts } from "../model/stack-alert.ts";
import type { ManagedChannel, ManagedRoute, ManagedRule, StackAlertSettings } from "./settings.ts";

/** What follows the variables. */
export interface StackAlertPolicy {
  readonly channels: readonly ManagedChannel[];
  readonly alertRules: readonly ManagedRule[];
  readonly alertRoutes: readonly ManagedRoute[];
}

/** The variable all of it follows. */
const managedBy = "STATIX_ALERT_WEBHOOK_URL";
const name = "statix alerts";

/** What the settings come to; nothing where there is no webhook or no threshold. */
export function stackAlertPolicy(settings: StackAlertSettings | null): StackAlertPolicy {
  const alertRules = settings === null ? [] : rulesOf(settings);
  if (settings === null || alertRules.length === 0) {
    return { channels: [], alertRules: [], alertRoutes: [] };
  }
  const { webhookUrl, cooldownSeconds } = settings;
  return {
    channels: [
      {
        name,
        kind: "statix",
        enabled: true,
        isDefault: false,
        isFallback: false,
        settings: { webhook_url: webhookUrl, cooldown_seconds: cooldownSeconds },
        managedBy,
      },
    ],
    alertRules,
    alertRoutes: [routeOf(cooldownSeconds)],
  };
}

function rulesOf({ cpuThreshold, ramThreshold }: StackAlertSettings): readonly ManagedRule[] {
  return [ruleOf("cpu", cpuThreshold), ruleOf("ram", ramThreshold)].flat();
}

function ruleOf(metric: keyof typeof stackAlerts, percent: number): readonly ManagedRule[] {
  if (percent === 0) return [];
  const { rule, series } = stackAlerts[metric];
  return [
    {
      builtIn: null,
      rule: {
        name: rule,
        enabled: true,
        severity: "warning",
        subject: "host",
        matchers: [],
        condition: {
          kind: "threshold",
          metric: { name: series, matchers: [] },
          aggregate: "last",
          operator: ">=",
          value: percent / 100,
        },
        for_seconds: 0,
        recovery_for_seconds: 0,
        labels: { metric },
        description: `Told as the Monitoring Stack's server does: ${metric} at or above ${percent} %`,
      },
      managedBy,
    },
  ];
}

function routeOf(cooldownSeconds: number): ManagedRoute {
  const rules = Object.values(stackAlerts).map(({ rule }) => rule);
  return {
    route: {
      name,
      enabled: true,
      continue: true,
      matchers: [{ name: "rule", value: rules.join("|"), is_regex: true, is_equal: true }],
      active: null,
      group_by: [],
      group_wait_seconds: 0,
      send_resolved: false,
      most_per_hour: 3600,
      digest_seconds: null,
      remind_seconds: Math.max(1, cooldownSeconds),
    },
    channels: [{ name, place: managedBy }],
    escalation: [],
    managedBy,
  };
}
