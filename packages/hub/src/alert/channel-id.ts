/** Ids of channels that come back out of keys. */
import type { ChannelId } from "../model/notice.ts";

/** Guarantee: the text is a part of a key that was made from a channel's id. */
export function asChannelId(text: string): ChannelId {
  return text as ChannelId;
}
