import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelView } from "@belfry/contract";
import { channelState, defaultsOf } from "./channel-words.ts";

const at = "2026-11-21T12:00:00.000Z";
const fine = { enabled: true, trouble: null, last_sent_at: at, waiting: 0 };
const away = { failure: "outage", why: "it did not answer", since: at } as const;

const states: readonly (readonly [
  what: string,
  channel: Pick<ChannelView, "enabled" | "trouble" | "last_sent_at" | "waiting">,
  expected: readonly [title: string, tone: string],
])[] = [
  ["that took something", fine, ["Delivers", "well"]],
  ["that was never used", { ...fine, last_sent_at: null }, ["Not used yet", "quiet"]],
  ["with its first notice", { ...fine, last_sent_at: null, waiting: 1 }, ["Waiting", "quiet"]],
  ["that is away", { ...fine, trouble: away }, ["Away", "attention"]],
  [
    "with wrong settings",
    { ...fine, trouble: { ...away, failure: "misconfigured" } },
    ["Wrong settings", "bad"],
  ],
  [
    "that is switched off and away",
    { ...fine, enabled: false, trouble: away },
    ["Switched off", "quiet"],
  ],
];
for (const [what, channel, [title, tone]] of states) {
  test(`a channel ${what}: ${title}`, () => {
    assert.deepEqual(channelState(channel), { title, tone });
  });
}

test("a default channel that is switched off is none", () => {
  const channels = [
    { enabled: true, is_default: false },
    { enabled: false, is_default: true },
    { enabled: true, is_default: true },
  ];
  assert.deepEqual(defaultsOf(channels), [channels[2]]);
});
