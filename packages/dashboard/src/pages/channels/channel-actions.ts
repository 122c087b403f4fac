/** What is done to channels. Each answers with what was wrong, or undefined when it is done. */
import type { ChannelInput, ChannelKindView, ChannelView } from "@belfry/contract";
import type { Failure } from "../../api/failure.ts";
import type { Parts } from "../../shell/parts.ts";
import { bodyOf, draftOf } from "./channel-draft.ts";

export interface ChannelActions {
  /** `former` null makes a new one; `onSaved` gets what was saved. */
  save(
    former: ChannelView | null,
    draft: unknown,
    onSaved: (channel: ChannelView) => void,
  ): Promise<Failure | undefined>;
  /** Switches it on or off. */
  toggle(channel: ChannelView): Promise<Failure | undefined>;
  remove(channel: ChannelView): Promise<Failure | undefined>;
}

/** Makes the actions; `onChange` is called after each change. */
export function createChannelActions(
  { client, toasts }: Pick<Parts, "client" | "toasts">,
  kinds: readonly ChannelKindView[],
  onChange: () => void,
): ChannelActions {
  async function put(
    former: ChannelView | null,
    input: ChannelInput,
    onSaved: (channel: ChannelView) => void,
  ): Promise<Failure | undefined> {
    const reply = await client.saveChannel(former, input);
    if (reply.kind === "failed") return reply.failure;
    onSaved(reply.value);
    onChange();
    return undefined;
  }
  return {
    save: (former, draft, onSaved) =>
      put(former, bodyOf(draft, kinds), (channel) => {
        toasts.say(former === null ? "Made. Send a test to see it arrive." : "Saved.");
        onSaved(channel);
      }),
    toggle: (channel) =>
      put(channel, { ...draftOf(channel), enabled: !channel.enabled }, ({ enabled }) =>
        toasts.say(enabled ? "Switched on." : "Switched off. It is told nothing."),
      ),
    async remove(channel) {
      const reply = await client.deleteChannel(channel.id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say("The channel was deleted.");
      onChange();
      return undefined;
    },
  };
}
