/** Where notices go: each channel with how it does; and one of them with what it was told. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ChannelKindView, ChannelView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import type { Editing } from "../../form/form-dialog.tsx";
import { formatCount, formatPlural } from "../../format/number.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { Ago } from "../../parts/ago.tsx";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Missing } from "../../parts/missing.tsx";
import { plainRoutes } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayAdminister } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { createChannelActions } from "./channel-actions.ts";
import { newDraft, secretsOf } from "./channel-draft.ts";
import { ChannelForm } from "./channel-form.tsx";
import { ChannelMarks, ChannelTrouble } from "./channel-marks.tsx";
import { ChannelPage } from "./channel-page.tsx";
import { channelState, defaultsOf } from "./channel-words.ts";
import "../../parts/settings-list.css";
import "./channels-page.css";

/** How channels do changes without anybody saying so. */
const everyMs = 5000;

/** Draws all channels, or the one of an id. */
export function ChannelsPage({ id }: { id: string | null }) {
  const { client } = useParts();
  const channels = useFollowed("channels", () => client.channels(), { everyMs });
  const kinds = useFollowed("channel kinds", () => client.channelKinds());
  useSignalEffect(() => {
    const troubled = (channels.value.value?.items ?? []).filter(isTroubled).length;
    document.title = troubled === 0 ? "Channels – Belfry" : `(${troubled}) Channels – Belfry`;
  });
  const known = channels.value.value?.items;
  const ofKinds = kinds.value.value?.items;
  const failure = channels.failure.value ?? kinds.failure.value;
  const refresh = (): void => {
    channels.refresh();
    if (ofKinds === undefined) kinds.refresh();
  };
  if (known === undefined || ofKinds === undefined) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The channels" failure={failure} onRetry={refresh} />;
  }
  if (id === null) return <All channels={known} kinds={ofKinds} onChange={refresh} />;
  const channel = known.find((one) => one.id === id);
  if (channel === undefined) return <Missing what="There is no such channel." />;
  return <ChannelPage key={id} channel={channel} kinds={ofKinds} onChange={refresh} />;
}

function isTroubled(channel: ChannelView): boolean {
  return channel.enabled && channel.trouble !== null;
}

interface AllProps {
  readonly channels: readonly ChannelView[];
  readonly kinds: readonly ChannelKindView[];
  readonly onChange: () => void;
}

function All({ channels, kinds, onChange }: AllProps) {
  const parts = useParts();
  const { router, access } = parts;
  const actions = useMemo(() => createChannelActions(parts, kinds, onChange), [kinds]);
  const editing = useSignal<Editing | null>(null);
  const writes = mayAdminister(access.state.value);
  const first = kinds.find(({ kind }) => kind === "email") ?? kinds[0];
  const onNew = (): void => {
    if (first === undefined) return;
    const [draft, secrets] = [newDraft(first), secretsOf(first)];
    editing.value = { title: "New channel", verb: "Create", draft, secrets };
  };
  return (
    <>
      <Title channels={channels} />
      <AlertTabs at="channels" />
      {channels.length === 0 ? (
        <NoChannels onNew={writes ? onNew : null} />
      ) : (
        <>
          <div class="settings-tools">
            <Defaults channels={channels} />
            {writes && (
              <button type="button" onClick={onNew}>
                <Icon name="plus" /> New channel
              </button>
            )}
          </div>
          <ul class="settings-list">
            {channels.map((channel) => (
              <Row key={channel.id} channel={channel} kinds={kinds} />
            ))}
          </ul>
        </>
      )}
      <ChannelForm
        editing={editing}
        kinds={kinds}
        isNew
        onSave={(draft) =>
          actions.save(null, draft, ({ id }) => router.go({ page: "channels", id }))
        }
      />
    </>
  );
}

function Title({ channels }: Pick<AllProps, "channels">) {
  const troubled = channels.filter(isTroubled);
  const isProven = channels.some((channel) => channelState(channel).title === "Delivers");
  const isBad = troubled.some((channel) => channelState(channel).tone === "bad");
  return (
    <div class="alert-title">
      <h1>
        {channels.length === 0 && "Nobody is told yet"}
        {channels.length > 0 &&
          troubled.length === 0 &&
          (isProven ? "Every channel delivers" : "Channels")}
        {troubled.length > 0 && (
          <>
            <span class={isBad ? "is-down" : "is-degraded"}>
              <em>{formatCount(troubled.length)} in trouble</em>
            </span>
            <span class="headline-rest"> of {formatPlural(channels.length, "channel")}</span>
          </>
        )}
      </h1>
    </div>
  );
}

/** Who is told of what no route is responsible for. */
function Defaults({ channels }: Pick<AllProps, "channels">) {
  const defaults = defaultsOf(channels);
  if (defaults.length > 0) {
    return (
      <p class="quiet">
        {formatPlural(defaults.length, "channel")} {defaults.length === 1 ? "is" : "are"} told of
        what no <a href={formatRoute(plainRoutes)}>route</a> is responsible for.
      </p>
    );
  }
  return (
    <p class="settings-warning">
      <b>No channel is a default.</b> Nobody is told of what no{" "}
      <a href={formatRoute(plainRoutes)}>route</a> is responsible for.
    </p>
  );
}

function NoChannels({ onNew }: { onNew: (() => void) | null }) {
  return (
    <section class="settings-none">
      <p>
        Incidents open and are shown here, but nobody is called. A channel is where notices go: a
        mailbox, a room of a chat, somebody on call, or any address that takes a webhook.
      </p>
      {onNew !== null && (
        <button type="button" class="button-main" onClick={onNew}>
          <Icon name="plus" /> New channel
        </button>
      )}
    </section>
  );
}

interface RowProps {
  readonly channel: ChannelView;
  readonly kinds: readonly ChannelKindView[];
}

function Row({ channel, kinds }: RowProps) {
  const { title, tone } = channelState(channel);
  return (
    <li class={`setting setting-${tone}`}>
      <div class="setting-what">
        <p class="setting-name">
          <a class="row-link" href={formatRoute({ page: "channels", id: channel.id })}>
            {channel.name}
          </a>
          <ChannelMarks channel={channel} kinds={kinds} />
        </p>
        <ChannelTrouble channel={channel} />
      </div>
      <div class="setting-state">
        <b>{title}</b>
        <span>
          {channel.last_sent_at === null ? (
            "nothing sent so far"
          ) : (
            <>
              last sent <Ago at={channel.last_sent_at} />
            </>
          )}
          {channel.waiting > 0 && `, ${formatPlural(channel.waiting, "notice")} waiting`}
        </span>
      </div>
    </li>
  );
}
