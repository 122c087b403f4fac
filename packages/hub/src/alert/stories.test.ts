/** Random stories of signals, people, settings and time: what holds in every one of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { AlertPolicy, AlertRoute } from "../model/alert-policy.ts";
import { openTroubles } from "../model/incident.ts";
import { channels, matcherOf, routeOf, second, silenceOf, windowOf } from "./flow.kit.ts";
import { Story, subjects } from "./stories.kit.ts";

const { ops, night, boss } = channels;
const escalation = [{ after_seconds: 120, channels: [boss.id] }];

/** Who is told, in several ways. Every one of them leads somewhere. */
const manners: readonly (readonly AlertRoute[])[] = [
  [],
  [routeOf("plain")],
  [routeOf("other", { channels: [night] })],
  [routeOf("both", { channels: [ops, night], continue: true }), routeOf("plain")],
  [routeOf("grouped", { group_by: ["team"], group_wait_seconds: 30 })],
  [routeOf("labels", { group_by: ["team"], channels: [night] })],
  [routeOf("few", { most_per_hour: 2 })],
  [routeOf("few-groups", { most_per_hour: 2, group_by: ["team"], group_wait_seconds: 10 })],
  [routeOf("digest", { digest_seconds: 600, remind_seconds: 300 })],
  [routeOf("reminded", { remind_seconds: 120, most_per_hour: 5 })],
  [routeOf("escalated", { escalation })],
  [routeOf("critical", { matchers: [matcherOf("severity", "critical")], channels: [night] })],
];
const silentEnd = [routeOf("silent", { send_resolved: false, group_by: ["team"] })];

type Action =
  | { readonly kind: "raised" | "cleared"; readonly subject: number; readonly rule: string }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "routes"; readonly routes: readonly AlertRoute[] }
  | { readonly kind: "silence" | "window" | "snooze"; readonly seconds: number }
  | { readonly kind: "acknowledge" | "resolve" };

const signals = fc.record({
  kind: fc.constantFrom("raised" as const, "raised" as const, "cleared" as const),
  subject: fc.nat(subjects.length - 1),
  rule: fc.constantFrom("monitor_down", "monitor_down", "monitor_degraded", "disk_full"),
});
const waits = fc.record({
  kind: fc.constant("wait" as const),
  seconds: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 4000 })),
});
const pauses = fc.record({
  kind: fc.constantFrom("silence" as const, "window" as const, "snooze" as const),
  seconds: fc.integer({ min: 10, max: 2000 }),
});
const acts = fc.record({ kind: fc.constantFrom("acknowledge" as const, "resolve" as const) });

const actionsWith = (
  routes: readonly (readonly AlertRoute[])[],
): fc.Arbitrary<readonly Action[]> => {
  const settings = fc.record({
    kind: fc.constant("routes" as const),
    routes: fc.constantFrom(...routes),
  });
  const action = fc.oneof(
    { arbitrary: signals, weight: 8 },
    { arbitrary: waits, weight: 5 },
    { arbitrary: pauses, weight: 1 },
    { arbitrary: acts, weight: 1 },
    { arbitrary: settings, weight: 1 },
  );
  return fc.array(action, { maxLength: 80, size: "max" });
};

const quiet: AlertPolicy = {
  channels: Object.values(channels),
  routes: [],
  silences: [],
  maintenance: [],
};

/** Plays a story, and gives the keys of troubles that should last by then. */
function play(story: Story, actions: readonly Action[], check: () => void): Set<string> {
  const lasting = new Set<string>();
  for (const action of actions) {
    perform(story, action, lasting);
    const keys = [...story.book.all()].flatMap((one) => openTroubles(one).map(({ key }) => key));
    assert.deepEqual(keys.toSorted(), [...lasting].toSorted(), "each trouble is in one incident");
    check();
  }
  return lasting;
}

function perform(story: Story, action: Action, lasting: Set<string>): void {
  const [first] = story.book.all();
  const { policy } = story;
  const now = second(story.now) ?? 0;
  switch (action.kind) {
    case "raised":
    case "cleared": {
      const subject = subjects[action.subject];
      assert.ok(subject !== undefined);
      const key = `${action.rule}:monitor:${subject.id}`;
      if (action.kind === "raised") lasting.add(key);
      else lasting.delete(key);
      return story.signal(action.kind, subject, action.rule);
    }
    case "wait":
      return story.goOn(action.seconds * 1000);
    case "routes":
      return story.change({ ...policy, routes: action.routes });
    case "silence": {
      const endsAt = story.now + action.seconds * 1000;
      const silences = [...policy.silences, silenceOf({ startsAt: story.now, endsAt })];
      return story.change({ ...policy, silences });
    }
    case "window": {
      const maintenance = [...policy.maintenance, windowOf(now, now + action.seconds)];
      return story.change({ ...policy, maintenance });
    }
    case "snooze":
      return first === undefined ? undefined : story.snooze(first, action.seconds * 1000);
    case "acknowledge":
      return first === undefined ? undefined : story.acknowledge(first);
    case "resolve":
      if (first === undefined) return;
      for (const { key } of openTroubles(first)) lasting.delete(key);
      return story.resolve(first);
  }
}

/** What each channel knows of each incident by its notices; fails where it hears of an end alone, or of something after. */
function knowledgeOf({ notices }: Story): ReadonlyMap<string, "firing" | "resolved"> {
  const known = new Map<string, "firing" | "resolved">();
  for (const { channelId, notice } of notices) {
    for (const { id, status } of notice.incidents) {
      const key = `${channelId}|${id}`;
      assert.notEqual(known.get(key), "resolved", "nothing is told after the end");
      // A digest says what there was, also what was over before it was told.
      const mayBeNew = status === "firing" || notice.kind === "digest";
      assert.ok(known.has(key) || mayBeNew, "nobody hears of an end alone");
      known.set(key, status);
    }
  }
  return known;
}

const hourMs = 3_600_000;
const options = { numRuns: 100 };

function startStory(): Story {
  return new Story(quiet);
}

describe("in every story", { timeout: 120_000 }, () => {
  test("a channel hears of a beginning before the end, and of every end", () => {
    fc.assert(
      fc.property(actionsWith(manners), (actions) => {
        const story = startStory();
        const lasting = play(story, actions, () => knowledgeOf(story));
        story.change({ ...story.policy, silences: [], maintenance: [] });
        for (const key of lasting) clear(story, key);
        story.goOn(4 * hourMs);
        assert.equal(story.book.size, 0);
        assert.equal(story.groups.size, 0, "nothing waits for ever");
        for (const [who, status] of knowledgeOf(story)) assert.equal(status, "resolved", who);
      }),
      options,
    );
  });

  test("what lasts is told when nothing suppresses it any more", () => {
    fc.assert(
      fc.property(actionsWith([...manners, silentEnd]), (actions) => {
        const story = startStory();
        play(story, actions, () => undefined);
        story.goOn(4 * hourMs);
        const known = [...knowledgeOf(story).keys()];
        for (const { id, suppressedBy, title } of story.book.all()) {
          if (suppressedBy !== null) assert.equal(suppressedBy, "inhibition", title);
          else
            assert.ok(
              known.some((one) => one.endsWith(`|${id}`)),
              title,
            );
        }
      }),
      options,
    );
  });

  test("the limits of routes are kept", () => {
    const stories = fc
      .constantFrom(...manners)
      .chain((routes) => actionsWith([routes]).map((actions) => ({ routes, actions })));
    fc.assert(
      fc.property(stories, ({ routes, actions }) => {
        const story = new Story({ ...quiet, routes });
        play(story, actions, () => undefined);
        story.goOn(4 * hourMs);
        for (const route of routes) {
          for (const channelId of route.route.channels) checkLimit(story, route, channelId);
        }
      }),
      options,
    );
  });

  test("who does not want to hear the end does not", () => {
    fc.assert(
      fc.property(actionsWith([silentEnd]), (actions) => {
        const story = new Story({ ...quiet, routes: silentEnd });
        play(story, actions, () => undefined);
        story.goOn(4 * hourMs);
        const kinds = story.notices.map(({ notice }) => notice.kind);
        assert.ok(!kinds.includes("resolved"));
      }),
      options,
    );
  });
});

function checkLimit({ notices }: Story, { id, route }: AlertRoute, channelId: string): void {
  const times = notices.flatMap((one) =>
    one.route === id && one.channelId === channelId && !isBeyond(one.notice.kind)
      ? [one.notice.at]
      : [],
  );
  // Reminders of up to three incidents that are due at once are three notices.
  const most = route.most_per_hour + (route.remind_seconds === null ? 0 : 2);
  for (const [n, first] of times.entries()) {
    const within = times.slice(n).filter((time) => time < first + hourMs).length;
    assert.ok(within <= most, `${within} notices by ${id}`);
  }
}

/** Escalations are not put off, and a digest tells of what was. */
function isBeyond(kind: string): boolean {
  return kind === "escalated" || kind === "digest";
}

function clear(story: Story, key: string): void {
  const [rule = "", , id] = key.split(":");
  const subject = subjects.find((one) => one.id === id);
  assert.ok(subject !== undefined);
  story.signal("cleared", subject, rule);
}
