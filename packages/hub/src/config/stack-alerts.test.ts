import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemsOf, settingsOf } from "./load.kit.ts";

const hook = "https://example.org/hooks/a-secret-of-a-receiver";

const all = {
  STATIX_ALERT_WEBHOOK_URL: hook,
  STATIX_ALERT_CPU_THRESHOLD: "90",
  STATIX_ALERT_RAM_THRESHOLD: "85.5",
  STATIX_ALERT_COOLDOWN: "120",
};

describe("the Monitoring Stack's variables for alerts", () => {
  it("are a channel, two rules and a route that goes before all others and ends none", () => {
    const file = `channels:
  - name: ops
    kind: webhook
    settings: { url: "https://example.org/ops" }
alert_routes:
  - name: everything
    matchers: []
    channels: [ops]
`;
    const settings = settingsOf({ env: all, files: { "belfry.yaml": file } });
    const managedBy = "STATIX_ALERT_WEBHOOK_URL";
    assert.deepEqual(settings.channels.at(-1), {
      name: "statix alerts",
      kind: "statix",
      enabled: true,
      isDefault: false,
      isFallback: false,
      settings: { webhook_url: hook, cooldown_seconds: 120 },
      managedBy,
    });
    const rules = settings.alertRules.map(({ rule, managedBy: by }) => ({
      name: rule.name,
      ...("value" in rule.condition ? { value: rule.condition.value } : {}),
      condition: rule.condition,
      labels: rule.labels,
      by,
    }));
    assert.partialDeepStrictEqual(rules, [
      {
        name: "statix_cpu",
        condition: {
          kind: "threshold",
          metric: { name: "belfry_host_cpu_ratio" },
          operator: ">=",
          value: 0.9,
        },
        labels: { metric: "cpu" },
        by: managedBy,
      },
      {
        name: "statix_ram",
        condition: { metric: { name: "belfry_host_memory_used_ratio" }, value: 0.855 },
        labels: { metric: "ram" },
        by: managedBy,
      },
    ]);
    const [route, other] = settings.alertRoutes;
    assert.partialDeepStrictEqual(route, {
      route: { continue: true, send_resolved: false, remind_seconds: 120 },
      channels: [{ name: "statix alerts" }],
      managedBy,
    });
    assert.equal(other?.route.name, "everything");
  });

  it("are in effect with the server's own defaults", () => {
    const env = { STATIX_ALERT_WEBHOOK_URL: hook, STATIX_ALERT_CPU_THRESHOLD: "90" };
    const { alertRules, alertRoutes } = settingsOf({ env });
    assert.deepEqual(
      alertRules.map(({ rule }) => rule.name),
      ["statix_cpu"],
    );
    assert.equal(alertRoutes[0]?.route.remind_seconds, 300);
  });

  it("may hold the webhook in a file", () => {
    const { STATIX_ALERT_WEBHOOK_URL: _url, ...rest } = all;
    const env = { ...rest, STATIX_ALERT_WEBHOOK_URL_FILE: "/run/secrets/hook" };
    const { channels } = settingsOf({ env, files: { "/run/secrets/hook": `${hook}\n` } });
    assert.equal(channels[0]?.settings["webhook_url"], hook);
  });

  const nothing: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["no webhook", { ...all, STATIX_ALERT_WEBHOOK_URL: "" }],
    ["no threshold", { STATIX_ALERT_WEBHOOK_URL: hook }],
    [
      "thresholds of 0",
      { ...all, STATIX_ALERT_CPU_THRESHOLD: "0", STATIX_ALERT_RAM_THRESHOLD: "0.0" },
    ],
  ];
  for (const [what, env] of nothing) {
    it(`with ${what} are nothing`, () => {
      const { channels, alertRules, alertRoutes } = settingsOf({ env });
      assert.deepEqual([channels, alertRules, alertRoutes], [[], [], []]);
    });
  }

  const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [
      { STATIX_ALERT_CPU_THRESHOLD: "high" },
      'environment: STATIX_ALERT_CPU_THRESHOLD: expected a number from 0 to 100, found "high"',
    ],
    [
      { STATIX_ALERT_RAM_THRESHOLD: "101" },
      "environment: STATIX_ALERT_RAM_THRESHOLD: expected a number from 0 to 100, found 101",
    ],
    [
      { STATIX_ALERT_COOLDOWN: "-1" },
      "environment: STATIX_ALERT_COOLDOWN: expected a whole number from 0 to 2592000, found -1",
    ],
    [
      { STATIX_ALERT_WEBHOOK_URL: "a-secret-that-is-wrong" },
      "environment: STATIX_ALERT_WEBHOOK_URL: expected an address that begins with http:// or https://, found another value (not shown)",
    ],
  ];
  for (const [env, problem] of wrong) {
    it(`that are wrong are refused: ${problem.slice(13, 80)}`, () => {
      assert.deepEqual(problemsOf({ env: { ...all, ...env } }), [problem]);
    });
  }
});
