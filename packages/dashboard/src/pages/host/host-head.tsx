/** The top of a host's page: which machine it is, how it is, what a person should know, what can be done. */
import type { HostDetailView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { formatDuration, formatInstant, formatLong } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { Icon } from "../../parts/icon.tsx";
import { DeleteButton, LabelLinks, PageHead, PauseButton } from "../../parts/page-head.tsx";
import { SpokenStatus } from "../../parts/spoken-status.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { titleOf } from "../../parts/status-words.ts";
import { formatRoute, plainHosts } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import type { HostActions } from "./host-actions.ts";
import { isOld, systemWords } from "./host-words.ts";

interface HeadProps {
  readonly host: HostDetailView;
  /** null: changes are not for whoever looks. */
  readonly actions: HostActions | null;
  readonly onEdit: () => void;
  readonly onClean: () => void;
  readonly onDelete: () => void;
}

/** Draws the top. */
export function HostHead({ host, actions, ...on }: HeadProps) {
  const system = systemWords(host.details?.system);
  return (
    <PageHead
      noun="host"
      list={{ title: "Hosts", href: formatRoute(plainHosts) }}
      name={host.name}
      actions={actions !== null && <Actions host={host} actions={actions} {...on} />}
    >
      <StatusLine host={host} />
      <p class="page-line">
        {system !== "" && <span>{system}</span>}
        <LabelLinks
          labels={host.labels}
          hrefOf={(label) => formatRoute({ ...plainHosts, labels: [label] })}
        />
      </p>
      {host.notices.length > 0 && (
        <ul class="host-notices">
          {host.notices.map(({ code, message }) => (
            <li key={code}>{message}</li>
          ))}
        </ul>
      )}
    </PageHead>
  );
}

function StatusLine({ host }: { host: HostDetailView }) {
  const { now } = useParts();
  const { status, figures, last_heard_at: heardAt } = host;
  const booted = figures.boot_time === null ? null : Date.parse(figures.boot_time);
  return (
    <div class={`host-status-line is-${status}`}>
      <SpokenStatus status={status} />
      <p>
        <StatusMark status={status} />
        <strong>{titleOf(status)}</strong> for <Ago at={host.status_since} as="since" />
      </p>
      {status === "down" && <p>{reasonTable.silent.title}.</p>}
      {heardAt !== null && (
        <p>
          heard <Ago at={heardAt} />
          {host.interval !== null && `, every ${formatDuration(host.interval * 1000)}`}
        </p>
      )}
      {booted !== null && !isOld(host) && (
        <p title={`Booted ${formatInstant(booted)}`}>
          machine up {formatLong(now.peek() - booted)}
        </p>
      )}
    </div>
  );
}

function Actions({
  host,
  actions,
  onEdit,
  onClean,
  onDelete,
}: Omit<HeadProps, "actions"> & { actions: HostActions }) {
  return (
    <>
      <PauseButton enabled={host.enabled} onToggle={() => void actions.toggle()} />
      <button type="button" aria-keyshortcuts="e" onClick={onEdit}>
        <Icon name="edit" />
        Edit
      </button>
      <button type="button" onClick={onClean}>
        <Icon name="clean" />
        Clean
      </button>
      <DeleteButton onDelete={onDelete} />
    </>
  );
}
