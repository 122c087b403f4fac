/** How a channel does, in words. */
import type { ChannelTestView, ChannelView } from "@belfry/contract";

export type Tone = "well" | "quiet" | "attention" | "bad";

type Failure = NonNullable<ChannelView["trouble"]>["failure"];

const troubles = {
  outage: { title: "Away", tone: "attention" },
  throttled: { title: "Held back", tone: "attention" },
  misconfigured: { title: "Wrong settings", tone: "bad" },
  refused: { title: "Refuses", tone: "bad" },
  defect: { title: "Broken", tone: "bad" },
} as const satisfies Record<Failure, { title: string; tone: Tone }>;

/** Its state as a word or two, and how loud it is. */
export function channelState(
  channel: Pick<ChannelView, "enabled" | "trouble" | "last_sent_at" | "waiting">,
): { readonly title: string; readonly tone: Tone } {
  if (!channel.enabled) return { title: "Switched off", tone: "quiet" };
  if (channel.trouble !== null) return troubles[channel.trouble.failure];
  if (channel.last_sent_at !== null) return { title: "Delivers", tone: "well" };
  return { title: channel.waiting > 0 ? "Waiting" : "Not used yet", tone: "quiet" };
}

const results = {
  sent: { title: "It was taken", tone: "well" },
  retry: { title: "Not taken, it may be later", tone: "attention" },
  refused: { title: "Refused", tone: "bad" },
  misconfigured: { title: "The settings are wrong", tone: "bad" },
} as const satisfies Record<ChannelTestView["result"], { title: string; tone: Tone }>;

/** What came of a test. */
export function testResult(result: ChannelTestView["result"]): {
  readonly title: string;
  readonly tone: Tone;
} {
  return results[result];
}

/** Channels that are told of what no route is responsible for. */
export function defaultsOf<C extends Pick<ChannelView, "enabled" | "is_default">>(
  channels: readonly C[],
): readonly C[] {
  return channels.filter((channel) => channel.enabled && channel.is_default);
}
