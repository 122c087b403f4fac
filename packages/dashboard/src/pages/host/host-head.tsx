/** The top of a host's page: which machine it is, how it is, what a person should know, what can be done. */
import type { HostDetailView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { formatDuration, formatInstant, formatLong } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { Icon } from "../../parts/icon.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { titleOf } from "../../parts/status-words.ts";
import { formatRoute, plainHosts } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import "../../style/page-head.css";
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
  const labels = Object.entries(host.labels).map(([name, value]) => `${name}:${value}`);
  return (
    <header class="page-head host-head">
      <p class="page-crumb">
        <a href={formatRoute(plainHosts)}>
          <Icon name="back" />
          Hosts
        </a>
      </p>
      <div class="page-title">
        <h1>{host.name}</h1>
        {actions !== null && <Actions host={host} actions={actions} {...on} />}
      </div>
      <StatusLine host={host} />
      <p class="page-line">
        {system !== "" && <span>{system}</span>}
        {labels.map((label) => (
          <a key={label} class="chip" href={formatRoute({ ...plainHosts, labels: [label] })}>
            {label}
          </a>
        ))}
      </p>
      {host.notices.length > 0 && (
        <ul class="host-notices">
          {host.notices.map(({ code, message }) => (
            <li key={code}>{message}</li>
          ))}
        </ul>
      )}
    </header>
  );
}

function StatusLine({ host }: { host: HostDetailView }) {
  const { now } = useParts();
  const { status, figures, last_heard_at: heardAt } = host;
  const booted = figures.boot_time === null ? null : Date.parse(figures.boot_time);
  return (
    <div class={`host-status-line is-${status}`}>
      {/* Read out when it changes; the rest of the line changes every second. */}
      <span class="visually-hidden" role="status">
        {titleOf(status)}
      </span>
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
    <div class="page-actions">
      <button type="button" aria-keyshortcuts="p" onClick={() => void actions.toggle()}>
        <Icon name={host.enabled ? "pause" : "resume"} />
        {host.enabled ? "Pause" : "Resume"}
      </button>
      <button type="button" aria-keyshortcuts="e" onClick={onEdit}>
        <Icon name="edit" />
        Edit
      </button>
      <button type="button" onClick={onClean}>
        <Icon name="clean" />
        Clean
      </button>
      <button
        type="button"
        class="button-icon"
        aria-label="Delete"
        title="Delete"
        onClick={onDelete}
      >
        <Icon name="remove" />
      </button>
    </div>
  );
}
