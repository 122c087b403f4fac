/** All kinds of channels, by the name that settings have for them. */
import type { ChannelKind } from "../model/channel-kind.ts";
import { webhookKind } from "./webhook/kind.ts";

const kinds: readonly ChannelKind[] = [webhookKind];

/** By kind. */
export const channelKinds: ReadonlyMap<string, ChannelKind> = new Map(
  kinds.map((kind) => [kind.kind, kind]),
);
