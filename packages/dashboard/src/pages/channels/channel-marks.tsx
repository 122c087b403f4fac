/** What a channel is, and what is wrong with it, as it stands in the list and on its page. */
import type { ChannelKindView, ChannelView } from "@belfry/contract";
import { Ago } from "../../parts/ago.tsx";
import { ManagedMark } from "../../parts/managed.tsx";

interface MarksProps {
  readonly channel: ChannelView;
  readonly kinds: readonly ChannelKindView[];
}

/** Its kind, and what it is told of without a route. */
export function ChannelMarks({ channel, kinds }: MarksProps) {
  const kind = kinds.find((one) => one.kind === channel.kind);
  return (
    <>
      <span class="chip">{kind?.title ?? channel.kind}</span>
      {channel.is_default && (
        <span class="chip" title="Told of what no route is responsible for">
          default
        </span>
      )}
      {channel.is_fallback && (
        <span class="chip" title="Told of what another channel could not deliver within a day">
          fallback
        </span>
      )}
      <ManagedMark by={channel.managed_by} />
    </>
  );
}

/** Why it takes nothing at present; nothing while it does. */
export function ChannelTrouble({ channel }: Pick<MarksProps, "channel">) {
  if (channel.trouble === null || !channel.enabled) return null;
  return (
    <p class="setting-why">
      {channel.trouble.why}{" "}
      <span class="quiet">
        for <Ago at={channel.trouble.since} as="since" />
      </span>
    </p>
  );
}
