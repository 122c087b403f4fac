/** One channel: how it does, a way to try it, and everything it was told with what went over the wire. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ChannelKindView, ChannelTestView, ChannelView, NoticeView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import type { Page } from "../../api/client.ts";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { appendNextPage, withOlder } from "../../api/next-page.ts";
import type { Editing } from "../../form/form-dialog.tsx";
import { formatPlural } from "../../format/number.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { Ago } from "../../parts/ago.tsx";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Exchange, NoticeList } from "../../parts/notice-list.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ManagedNote } from "../../parts/managed.tsx";
import { DeleteButton, PageHead } from "../../parts/page-head.tsx";
import { plainChannels } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayAdminister } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { createChannelActions } from "./channel-actions.ts";
import { draftOf, secretsOf } from "./channel-draft.ts";
import { ChannelForm } from "./channel-form.tsx";
import { ChannelMarks, ChannelTrouble } from "./channel-marks.tsx";
import { channelState, testResult } from "./channel-words.ts";

interface PageProps {
  readonly channel: ChannelView;
  readonly kinds: readonly ChannelKindView[];
  readonly onChange: () => void;
}

/** Draws the page. */
export function ChannelPage({ channel, kinds, onChange }: PageProps) {
  const parts = useParts();
  const { router, access } = parts;
  const actions = useMemo(() => createChannelActions(parts, kinds, onChange), [kinds]);
  const editing = useSignal<Editing | null>(null);
  const deleting = useSignal(false);
  const kind = kinds.find((one) => one.kind === channel.kind);
  useSignalEffect(() => {
    document.title = `${channel.name} – Belfry`;
  });
  const onEdit = (): void => {
    editing.value = {
      title: `Edit ${channel.name}`,
      verb: "Save",
      draft: draftOf(channel),
      secrets: kind === undefined ? [] : secretsOf(kind),
    };
  };
  return (
    <article class="channel-page">
      <PageHead
        noun="channel"
        list={{ title: "Channels", href: formatRoute(plainChannels) }}
        name={channel.name}
        actions={
          mayAdminister(access.state.value) &&
          channel.managed_by === null && (
            <Actions
              channel={channel}
              onEdit={kind === undefined ? null : onEdit}
              onToggle={() => actions.toggle(channel)}
              onDelete={() => (deleting.value = true)}
            />
          )
        }
      >
        <p class="page-line">
          <ChannelMarks channel={channel} kinds={kinds} />
        </p>
        <State channel={channel} />
        <ManagedNote by={channel.managed_by} />
      </PageHead>
      {mayAdminister(access.state.value) && <Trial channel={channel} />}
      <Log channel={channel} />
      <ChannelForm
        editing={editing}
        kinds={kinds}
        isNew={false}
        onSave={(draft) => actions.save(channel, draft, () => {})}
      />
      <DeleteDialog
        title="Delete this channel?"
        name={null}
        open={deleting}
        onDelete={async () => {
          const failure = await actions.remove(channel);
          if (failure === undefined) router.go(plainChannels);
          return failure;
        }}
      >
        <b>{channel.name}</b> and its settings go. To keep them, switch it off instead.
      </DeleteDialog>
    </article>
  );
}

function State({ channel }: Pick<PageProps, "channel">) {
  const { title, tone } = channelState(channel);
  return (
    <div class={`channel-state setting-${tone}`} role="status">
      <p>
        <b>{title}</b>{" "}
        {channel.last_sent_at !== null && (
          <span class="quiet">
            last sent <Ago at={channel.last_sent_at} />
            {channel.waiting > 0 && `, ${formatPlural(channel.waiting, "notice")} waiting`}
          </span>
        )}
      </p>
      <ChannelTrouble channel={channel} />
    </div>
  );
}

interface ActionsProps {
  readonly channel: ChannelView;
  /** null: this release does not know its kind. */
  readonly onEdit: (() => void) | null;
  readonly onToggle: () => Promise<Failure | undefined>;
  readonly onDelete: () => void;
}

function Actions({ channel, onEdit, onToggle, onDelete }: ActionsProps) {
  const { toasts } = useParts();
  const busy = useSignal(false);
  async function toggle(): Promise<void> {
    busy.value = true;
    const failure = await onToggle();
    busy.value = false;
    if (failure !== undefined) toasts.say(describeFailure(failure), "bad");
  }
  return (
    <>
      {onEdit !== null && (
        <button type="button" onClick={onEdit}>
          <Icon name="edit" />
          Edit
        </button>
      )}
      <button type="button" disabled={busy.value} onClick={() => void toggle()}>
        <Icon name={channel.enabled ? "pause" : "resume"} />
        {channel.enabled ? "Switch off" : "Switch on"}
      </button>
      <DeleteButton onDelete={onDelete} />
    </>
  );
}

type TrialState =
  | { readonly kind: "idle" | "running" }
  | { readonly kind: "done"; readonly found: ChannelTestView }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Sends a test notice, and shows what was asked and answered. */
function Trial({ channel }: Pick<PageProps, "channel">) {
  const { client } = useParts();
  const state = useSignal<TrialState>({ kind: "idle" });
  async function send(): Promise<void> {
    state.value = { kind: "running" };
    const reply = await client.testChannel(channel.id);
    state.value =
      reply.kind === "ok"
        ? { kind: "done", found: reply.value }
        : { kind: "failed", failure: reply.failure };
  }
  const { value } = state;
  return (
    <section class="channel-trial" aria-labelledby="trial-title">
      <header>
        <div>
          <h2 id="trial-title">Try it</h2>
          <p class="quiet">
            A test is sent at once, past everything that waits, and is not tried again.
          </p>
        </div>
        <button
          type="button"
          class="button-main"
          disabled={value.kind === "running"}
          onClick={() => void send()}
        >
          <Icon name="run" />
          {value.kind === "running" ? "Sending…" : "Send a test"}
        </button>
      </header>
      <div aria-live="polite">
        {value.kind === "failed" && <p class="field-problem">{describeFailure(value.failure)}</p>}
        {value.kind === "done" && <Found found={value.found} />}
      </div>
    </section>
  );
}

function Found({ found }: { found: ChannelTestView }) {
  const { title, tone } = testResult(found.result);
  return (
    <div class={`trial-found setting-${tone}`}>
      <p>
        <b>{title}.</b> {found.why}
      </p>
      <Exchange title="Request" text={found.request} />
      <Exchange title="Answer" text={found.answer} />
    </div>
  );
}

const atOnce = 25;
const everyMs = 5000;

/** Everything it was told, the newest first. */
function Log({ channel }: Pick<PageProps, "channel">) {
  const { client } = useParts();
  const ask = (cursor?: string) =>
    client.notices({
      channel: channel.id,
      limit: atOnce,
      ...(cursor === undefined ? {} : { cursor }),
    });
  const notices = useFollowed<Page<NoticeView>>(`notices of ${channel.id}`, () => ask(), {
    everyMs,
    merge: withOlder,
  });
  const page = notices.value.value;
  const failure = notices.failure.value;
  return (
    <section class="channel-log" aria-labelledby="log-title">
      <h2 id="log-title">What it was told</h2>
      {page === null && failure !== null && (
        <p class="quiet">It cannot be shown. {describeFailure(failure)}</p>
      )}
      {page?.items.length === 0 && (
        <p class="quiet">
          Nothing so far. Each notice stands here with its attempts: what was asked, and answered.
        </p>
      )}
      {page !== null && <NoticeList notices={page.items} whereOf={({ title }) => title} />}
      {page !== null && page.next_cursor !== null && (
        <button type="button" onClick={() => void appendNextPage(notices.value, ask)}>
          Older notices
        </button>
      )}
    </section>
  );
}
