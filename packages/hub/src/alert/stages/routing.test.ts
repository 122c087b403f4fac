import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertPolicy, AlertRoute } from "../../model/alert-policy.ts";
import type { Incident } from "../../model/incident.ts";
import type { FlowItem } from "../flow.ts";
import { at, channels, incidentOf, itemOf, matcherOf, monitor, over } from "../flow.kit.ts";
import { routeOf, second, tellsOf, through, toldOf, troubleOf } from "../flow.kit.ts";
import { routing, targetsOf } from "./routing.ts";

const { ops, night, boss } = channels;
const incident = incidentOf();
const route = (over: Parameters<typeof routeOf>[1] = {}): AlertRoute => routeOf("r", over);
const toNight = { channels: [night] } as const;
const core = [matcherOf("team", "core")];
const web = [matcherOf("team", "web")];
/** 2026-01-05 is a Monday, and second 1,000 is noon. */
const evening = {
  timezone: "UTC",
  hours: [{ days: ["mon"], from: "18:00", to: "22:00" }],
} as const;

const active = (hours: typeof evening): AlertRoute["route"]["active"] => ({
  timezone: hours.timezone,
  hours: hours.hours.map((one) => ({ ...one, days: [...one.days] })),
});

describe("routes", () => {
  const own = incidentOf({
    troubles: [troubleOf({ subject: { kind: "belfry", id: `channel:${ops.id}`, name: "ops" } })],
  });
  const caused = incidentOf({
    troubles: [troubleOf({ labels: { team: "web" } }), troubleOf({ of: "db" })],
    cause: { subject: monitor("db"), why: "they depend on db" },
  });
  const table: readonly {
    readonly says: string;
    readonly of?: Incident;
    readonly policy?: Partial<AlertPolicy>;
    readonly told: readonly string[];
  }[] = [
    { says: "without any, the default channels", told: ["default ops"] },
    {
      says: "a default channel that is off",
      policy: { channels: [{ ...ops, enabled: false }, night] },
      told: [],
    },
    {
      says: "the first that matches",
      policy: { routes: [route({ matchers: web }), routeOf("s", toNight), routeOf("t")] },
      told: ["s night"],
    },
    {
      says: "those behind one that says so",
      policy: { routes: [route({ continue: true, ...toNight }), routeOf("s"), routeOf("t")] },
      told: ["r night", "s ops"],
    },
    {
      says: "a channel that two lead to, once",
      policy: { routes: [route({ continue: true }), routeOf("s", { channels: [ops, night] })] },
      told: ["r ops", "s night"],
    },
    {
      says: "none that is off",
      policy: { routes: [route({ enabled: false, ...toNight })] },
      told: ["default ops"],
    },
    {
      says: "none out of its hours",
      policy: { routes: [route({ active: active(evening), ...toNight })] },
      told: ["default ops"],
    },
    {
      says: "one that matches and has no channels: nobody",
      policy: { routes: [route({ channels: [] })] },
      told: [],
    },
    {
      says: "by severity, rule and subject as well as by labels",
      policy: {
        routes: [
          route({ matchers: [matcherOf("severity", "warning")] }),
          routeOf("s", {
            matchers: [
              ...core,
              matcherOf("severity", "critical"),
              matcherOf("rule", "monitor_down"),
              matcherOf("subject", "api"),
            ],
            ...toNight,
          }),
        ],
      },
      told: ["s night"],
    },
    {
      says: "by the labels of the cause, where it is in trouble itself",
      of: caused,
      policy: { routes: [route({ matchers: web }), routeOf("s", { matchers: core, ...toNight })] },
      told: ["s night"],
    },
    {
      says: "a channel is not told of its own trouble, others are where it would be the only one",
      of: own,
      told: ["default night", "default boss"],
    },
    {
      says: "of the trouble of the only channel of a route the fallback channels are told",
      of: own,
      policy: {
        channels: [ops, night, { ...boss, isFallback: true }],
        routes: [route({ channels: [ops] })],
      },
      told: ["default boss"],
    },
  ];
  for (const { says, of = incident, policy, told } of table) {
    test(`${says}: ${told.join(", ") || "nobody"}`, () => {
      const all = { channels: [ops, night, boss], routes: [], silences: [], maintenance: [] };
      const targets = targetsOf(of, { ...all, ...policy }, at(1000));
      const names = new Map(Object.values(channels).map(({ id, name }) => [id, name]));
      assert.deepEqual(
        targets.map((one) => `${one.route} ${names.get(one.channelId)}`),
        told,
      );
    });
  }
});

describe("what is new for a channel", () => {
  const key = `default|${ops.id}`;
  const knows = (one: Incident, told: Parameters<typeof toldOf>[1][string] = {}): Incident =>
    toldOf(one, { [key]: told });
  const taken = { ...incident, acknowledgedAt: at(950), acknowledgedBy: "ada" };
  const many = incidentOf({ troubles: ["a", "b", "c"].map((of) => troubleOf({ of })) });
  const past = incidentOf({ troubles: [troubleOf({ rule: "own_network" })] });
  const suppressed = { by: "silence", why: "known" } as const;

  const table: readonly {
    readonly says: string;
    readonly of: Incident | FlowItem;
    readonly routes?: readonly AlertRoute[];
    readonly tells: readonly string[];
    readonly wake?: number;
  }[] = [
    { says: "something began", of: incident, tells: ["firing ops"] },
    { says: "nothing, once it was told", of: knows(incident), tells: [] },
    { says: "it is over", of: knows(over(incident)), tells: ["resolved ops"] },
    { says: "it is over, and nobody was told", of: over(incident), tells: [] },
    {
      says: "it is over, and that was told",
      of: knows(over(incident), { resolved: true }),
      tells: [],
    },
    { says: "somebody took it", of: knows(taken), tells: ["acknowledged ops"] },
    { says: "somebody took it, as was told", of: knows(taken, { acknowledged: true }), tells: [] },
    { says: "somebody took it before anybody was told", of: taken, tells: ["firing ops"] },
    { says: "it is worse", of: knows(incident, { severity: "warning" }), tells: ["changed ops"] },
    {
      says: "it flaps",
      of: knows({ ...incident, flapping: true }),
      tells: ["changed ops"],
    },
    {
      says: "more than twice as many are affected",
      of: knows(many, { affected: 1 }),
      tells: ["changed ops"],
    },
    {
      says: "so many are affected, but it was told just before",
      of: knows(many, { affected: 1, at: at(960) }),
      tells: [],
      wake: 1020,
    },
    { says: "some more are affected", of: knows(many, { affected: 2 }), tells: [] },
    { says: "it is suppressed", of: itemOf(incident, { suppressed }), tells: [] },
    {
      says: "it is suppressed and grows: it is not looked at for that",
      of: itemOf(knows(many, { affected: 1 }), { suppressed }),
      tells: [],
    },
    {
      says: "it is suppressed, and was told before: that it is over",
      of: itemOf(knows(over(incident)), { suppressed }),
      tells: ["resolved ops"],
    },
    {
      says: "it is suppressed, and was told before: that somebody took it",
      of: itemOf(knows(taken), { suppressed }),
      tells: ["acknowledged ops"],
    },
    { says: "it is held", of: { ...incident, heldUntil: at(1003) }, tells: [], wake: 1003 },
    {
      says: "it was held until now",
      of: { ...incident, heldUntil: at(1000) },
      tells: ["firing ops"],
    },
    {
      says: "something of the past is told though it is over",
      of: over(past),
      tells: ["firing ops"],
    },
    { says: "something of the past is not told again", of: knows(over(past)), tells: [] },
    {
      says: "another route leads to the same channel: nothing",
      of: knows(incident),
      routes: [route()],
      tells: [],
    },
    {
      says: "another route leads to another channel",
      of: knows(incident),
      routes: [route(toNight)],
      tells: ["firing night"],
    },
    {
      says: "it is over, and two routes led to one channel: once",
      of: toldOf(over(incident), { [key]: {}, [`r|${ops.id}`]: { at: at(950) } }),
      routes: [route()],
      tells: ["resolved ops"],
    },
    {
      says: "it is over, and no route leads there any more",
      of: toldOf(over(incident), { [`gone|${night.id}`]: {} }),
      tells: ["resolved night"],
    },
    {
      says: "it is over, and the channel is gone",
      of: toldOf(over(incident), { "default|gone": {} }),
      tells: [],
    },
    {
      says: "it is told, and looked at when other hours begin",
      of: incident,
      routes: [route({ active: active(evening), ...toNight })],
      tells: ["firing ops"],
      wake: 1000 + 6 * 3600,
    },
  ];
  for (const { says, of, routes = [], tells, wake } of table) {
    test(`${says}: ${tells.join(", ") || "nothing"}`, () => {
      const item = through(routing, { incidents: [of], policy: { routes } });
      assert.deepEqual(tellsOf(item), tells);
      assert.equal(second(item.wakeAt), wake ?? null);
    });
  }
});
