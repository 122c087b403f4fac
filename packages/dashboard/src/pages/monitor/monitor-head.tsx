/** The top of a monitor's page: what it is, how it is, what can be done. */
import type { MonitorView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { Ago } from "../../parts/ago.tsx";
import { Icon } from "../../parts/icon.tsx";
import { DeleteButton, LabelLinks, PageHead, PauseButton } from "../../parts/page-head.tsx";
import { isPassive } from "../../parts/passive.ts";
import { SpokenStatus } from "../../parts/spoken-status.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { isTrouble, titleOf } from "../../parts/status-words.ts";
import { formatRoute, plainOverview } from "../../route/route.ts";
import { degradedBecause } from "./degraded.ts";
import type { MonitorActions } from "./actions.ts";

interface HeadProps {
  readonly monitor: MonitorView;
  /** null: changes are not for whoever looks. */
  readonly actions: MonitorActions | null;
  readonly checking: boolean;
  readonly onDelete: () => void;
}

/** Draws the top. */
export function MonitorHead({ monitor, actions, checking, onDelete }: HeadProps) {
  return (
    <PageHead
      noun="monitor"
      list={{ title: "Monitors", href: formatRoute(plainOverview) }}
      name={monitor.name}
      actions={
        actions !== null && (
          <Actions monitor={monitor} actions={actions} checking={checking} onDelete={onDelete} />
        )
      }
    >
      <p class="page-line">
        <span class="chip">{monitor.kind}</span>
        <Target target={monitor.target} />
        <LabelLinks
          labels={monitor.labels}
          hrefOf={(label) => formatRoute({ ...plainOverview, labels: [label] })}
        />
      </p>
      <StatusLine monitor={monitor} />
    </PageHead>
  );
}

function Target({ target }: { target: string }) {
  if (!/^https?:\/\//.test(target)) return <span>{target}</span>;
  return (
    <a href={target} target="_blank" rel="noreferrer noopener">
      {target}
      <Icon name="out" />
    </a>
  );
}

function StatusLine({ monitor }: { monitor: MonitorView }) {
  const { status, last_check: check } = monitor;
  const because = degradedBecause(monitor);
  const troubled = isTrouble(status) && check?.reason != null;
  return (
    <div class={`monitor-status is-${status}`}>
      <SpokenStatus status={status} />
      <StatusMark status={status} />
      <p>
        <strong>{titleOf(status)}</strong> for <Ago at={monitor.status_since} as="since" />
        {monitor.flapping && <span class="chip">flapping</span>}
        {because !== "" && <span class="monitor-reason">{because}</span>}
        {troubled && check.reason !== null && (
          <>
            <span class="monitor-reason">
              <b>{check.reason.replaceAll("_", " ")}</b> {reasonTable[check.reason].title}.
            </span>
            {check.message !== null && <span class="monitor-message">{check.message}</span>}
          </>
        )}
      </p>
    </div>
  );
}

function Actions({
  monitor,
  actions,
  checking,
  onDelete,
}: Omit<HeadProps, "actions"> & { actions: MonitorActions }) {
  return (
    <>
      {!isPassive(monitor.kind) && (
        <button
          type="button"
          disabled={checking || !monitor.enabled}
          aria-keyshortcuts="c"
          onClick={() => void actions.checkNow()}
        >
          <Icon name="run" />
          {checking ? "Checking…" : "Check now"}
        </button>
      )}
      <PauseButton enabled={monitor.enabled} onToggle={() => void actions.toggle()} />
      <a
        class="button"
        aria-keyshortcuts="e"
        href={formatRoute({ page: "form", id: monitor.id, copyOf: null })}
      >
        <Icon name="edit" />
        Edit
      </a>
      <DeleteButton onDelete={onDelete} />
    </>
  );
}
