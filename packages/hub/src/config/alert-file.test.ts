import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtInRules } from "../rules/built-in.ts";
import { alertLists } from "./alert-schema.ts";
import { problemsOf, settingsOf, type Given } from "./load.kit.ts";

const inFile = (text: string): Given => ({ files: { "belfry.yaml": text } });

describe("alert_routes of belfry.yaml", () => {
  it("name channels, each with its place, and have the defaults of the API", () => {
    const [route] = settingsOf(
      inFile(`alert_routes:
  - name: core
    matchers: [{ name: team, value: core }]
    channels:
      - ops
      - on call
    active: { timezone: Europe/Vienna, hours: [{ days: [mon], from: 08:00, to: 18:00 }] }
    escalation:
      - after_seconds: 600
        channels: [boss]
`),
    ).alertRoutes;
    assert.deepEqual(route?.channels, [
      { name: "ops", place: "belfry.yaml:5: alert_routes[0].channels[0]" },
      { name: "on call", place: "belfry.yaml:6: alert_routes[0].channels[1]" },
    ]);
    const place = "belfry.yaml:10: alert_routes[0].escalation[0].channels[0]";
    assert.deepEqual(route.escalation, [
      { after_seconds: 600, channels: [{ name: "boss", place }] },
    ]);
    assert.partialDeepStrictEqual(route.route, {
      name: "core",
      enabled: true,
      matchers: [{ name: "team", value: "core", is_regex: false, is_equal: true }],
      send_resolved: true,
      most_per_hour: 60,
    });
  });
});

describe("alert_rules of belfry.yaml", () => {
  it("change built-in rules as a patch does", () => {
    const [rule, ...others] = settingsOf(
      inFile(`alert_rules:
  - id: filesystem_full
    severity: critical
    condition: { value: 0.01 }
`),
    ).alertRules;
    const comes = builtInRules.get("filesystem_full")?.rule ?? assert.fail();
    const condition = { ...comes.condition, value: 0.01 };
    assert.deepEqual(others, []);
    assert.deepEqual(rule, {
      builtIn: "filesystem_full",
      rule: { ...comes, severity: "critical", condition },
    });
  });

  it("are own ones by their names, of everything where nothing else is said", () => {
    const [rule] = settingsOf(
      inFile(`alert_rules:
  - name: queue
    condition: { kind: threshold, metric: { name: app_queue, matchers: [] }, operator: ">", value: 5 }
`),
    ).alertRules;
    assert.equal(rule?.builtIn, null);
    assert.partialDeepStrictEqual(rule.rule, {
      name: "queue",
      matchers: [],
      labels: {},
      subject: "host",
    });
  });

  it("have overrides, each for what its matcher chooses, which all others leave out", () => {
    const rules = settingsOf(
      inFile(`alert_rules:
  - id: filesystem_full
    matchers: [{ name: env, value: prod }]
    enabled: false
    overrides:
      - name: full, on archives
        matchers: [{ name: role, value: archive }]
        condition: { value: 0.01 }
      - name: full, not in the lab
        matchers: [{ name: site, value: lab, is_equal: false }]
        enabled: false
`),
    ).alertRules;
    const shown = rules.map(({ builtIn, rule: { name, enabled, matchers, condition } }) => ({
      what: builtIn ?? name,
      enabled,
      matchers: matchers.map((one) => `${one.name}${one.is_equal ? "=" : "!="}${one.value}`),
      value: "value" in condition ? condition.value : undefined,
    }));
    const comes = builtInRules.get("filesystem_full")?.rule.condition;
    const value = comes !== undefined && "value" in comes ? comes.value : assert.fail();
    assert.deepEqual(shown, [
      {
        what: "filesystem_full",
        enabled: false,
        matchers: ["env=prod", "role!=archive", "site=lab"],
        value,
      },
      {
        what: "full, on archives",
        enabled: true,
        matchers: ["env=prod", "role=archive"],
        value: 0.01,
      },
      {
        what: "full, not in the lab",
        enabled: false,
        matchers: ["env=prod", "role!=archive", "site!=lab"],
        value,
      },
    ]);
  });
});

describe("what belfry.yaml says about alerts", () => {
  it("is refused where it is wrong, all at once and with the lines", () => {
    const text = `alert_routes:
  - name: core
    matchers: [{ name: team, value: core }]
    channels: [ops]
    position: 3
  - name: night
    matchers: []
    channels: []
    active:
      timezone: Nowhere
      hours: [{ days: [mon], from: 08:00, to: 18:00 }]
  - name: hours
    matchers: []
    channels: []
    active:
      timezone: UTC
      hours:
        - { days: [someday], from: 08:00, to: 18:00 }
  - name: pattern
    matchers: [{ name: team, value: "(", is_regex: true }]
    channels: []
alert_rules:
  - id: filesystem_ful
    enabled: false
  - id: filesystem_full
    condition:
      value: many
  - name: queue
    condition: { kind: threshhold }
  - id: memory_low
    overrides:
      - name: some
        matchers: []
      - matchers: [{ name: a, value: b }]
maintenance:
  - name: nightly
    matchers: []
    schedule:
      kind: daily
      at: "25:00"
      duration_seconds: 60
  - name: nightly
    matchers: []
    monitors: []
    schedule: { kind: hourly }
  - name: nightly
    matchers: []
    schedule: { kind: cron, cron: "* *", duration_seconds: 60 }
`;
    assert.deepEqual(problemsOf(inFile(text)), [
      "belfry.yaml:5: alert_routes[0].position: is not a known key",
      'belfry.yaml:10: alert_routes[1].active.timezone: expected the IANA name of a time zone, found "Nowhere"',
      'belfry.yaml:18: alert_routes[2].active.hours[0].days[0]: expected one of "mon", "tue", "wed", "thu", "fri", "sat", "sun", found "someday"',
      "belfry.yaml:20: alert_routes[3].matchers[0].value: expected a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(?s)(`",
      'belfry.yaml:23: alert_rules[0].id: there is no built-in rule "filesystem_ful" (did you mean filesystem_full?)',
      'belfry.yaml:27: alert_rules[1].condition.value: expected a number, found "many"',
      "belfry.yaml:29: alert_rules[2].condition.kind: expected one of threshold, change, rate, absence, ratio, prediction, found threshhold",
      "belfry.yaml:33: alert_rules[3].overrides[0].matchers: expected a list of 1 to 1 items, found []",
      "belfry.yaml:34: alert_rules[3].overrides[1].name: is required",
      'belfry.yaml:40: maintenance[0].schedule.at: expected a time of day such as 08:30, found "25:00"',
      "belfry.yaml:45: maintenance[1].schedule.kind: expected one of once, daily, weekly, monthly, cron, found hourly",
      'belfry.yaml:48: maintenance[2].schedule.cron: expected five or six fields of cron, found "* *"',
    ]);
  });

  it("is taken as the documentation has it for an example", () => {
    const lists = Object.entries(alertLists).map(([key, list]) => {
      const notes: Readonly<Record<string, unknown>> = { ...list };
      assert.ok(notes["example"] !== undefined);
      return `${key}: ${JSON.stringify(notes["example"])}`;
    });
    assert.deepEqual(problemsOf(inFile(lists.join("\n"))), []);
  });

  it("has every name once in its list, and every built-in rule", () => {
    const text = `alert_routes:
  - &route { name: core, matchers: [], channels: [] }
  - *route
alert_rules:
  - { id: inodes_low, enabled: false }
  - { id: inodes_low, overrides: [&other { name: other, matchers: [{ name: a, value: b }] }] }
  - { id: memory_low, overrides: [*other] }
maintenance:
  - &window { name: core, matchers: [], schedule: { kind: daily, at: 02:00, duration_seconds: 60 } }
  - *window
`;
    const problems = problemsOf(inFile(text)).map((line) => line.replace(/^belfry.yaml:\d+: /, ""));
    assert.deepEqual(problems, [
      "alert_routes[1].name: expected another name than core, which alert_routes[0] has",
      "maintenance[1].name: expected another name than core, which maintenance[0] has",
      "alert_rules[1].id: expected another id than inodes_low, which alert_rules[0] has",
      "alert_rules[2].overrides[0].name: expected another name than other, which alert_rules[1].overrides[0] has",
    ]);
  });
});
