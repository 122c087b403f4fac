/** One route: what it is about, who is told, who next, and how. */
import type { AlertRouteView, ChannelView } from "@belfry/contract";
import { Fragment } from "preact";
import { matcherText } from "../../form/matcher-text.ts";
import { formatDuration } from "../../format/time.ts";
import { Icon } from "../../parts/icon.tsx";
import { ManagedMark } from "../../parts/managed.tsx";
import { DeleteButton } from "../../parts/page-head.tsx";
import { formatRoute } from "../../route/route.ts";
import { hoursWords, termsWords } from "./route-words.ts";

/** What can be done to it. */
export interface RowActions {
  readonly edit: () => void;
  /** One place later, or earlier where it is below zero. */
  readonly move: (by: number) => void;
  readonly remove: () => void;
}

interface RowProps {
  readonly route: AlertRouteView;
  /** From 1 on. */
  readonly place: number;
  /** It cannot be tried earlier, or later, than it is. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly channels: readonly ChannelView[];
  readonly busy: boolean;
  /** null: changes are not for whoever looks. */
  readonly actions: RowActions | null;
}

/** Draws the route. */
export function RouteRow({ route, place, channels, actions, ...may }: RowProps) {
  const hours = hoursWords(route);
  const terms = termsWords(route);
  return (
    <li class={route.enabled ? "setting route" : "setting route route-off"}>
      <span class="route-place">{place}</span>
      <div class="setting-what">
        <p class="setting-name">
          <b>{route.name}</b>
          {!route.enabled && <span class="chip">switched off</span>}
          <ManagedMark by={route.managed_by} />
          {route.continue && <span class="chip">goes on to the next</span>}
        </p>
        <p class="route-matchers">
          {route.matchers.length === 0 && <span class="quiet">of everything</span>}
          {route.matchers.map((matcher, i) => (
            <code key={`${i} ${matcherText(matcher)}`} class="chip" title={matcherText(matcher)}>
              {matcherText(matcher)}
            </code>
          ))}
          {hours !== null && <span class="quiet">{hours}</span>}
        </p>
        <Told route={route} channels={channels} />
        {terms.length > 0 && <p class="quiet">{sentence(terms.join(", "))}</p>}
      </div>
      {actions !== null && <Buttons route={route} actions={actions} {...may} />}
    </li>
  );
}

function Told({ route, channels }: Pick<RowProps, "route" | "channels">) {
  if (route.channels.length === 0 && route.escalation.length === 0) {
    return <p class="route-nobody">Tells nobody</p>;
  }
  return (
    <p class="route-told">
      <span class="quiet">tells</span>{" "}
      {route.channels.length === 0 ? (
        "nobody at first"
      ) : (
        <ChannelNames ids={route.channels} channels={channels} />
      )}
      {route.escalation.map((step, i) => (
        <Fragment key={`${i} ${step.after_seconds}`}>
          <span class="quiet">, after {formatDuration(step.after_seconds * 1000)}</span>{" "}
          {step.channels.length === 0 ? (
            "nobody"
          ) : (
            <ChannelNames ids={step.channels} channels={channels} />
          )}
        </Fragment>
      ))}
    </p>
  );
}

interface NamesProps {
  readonly ids: readonly string[];
  readonly channels: readonly ChannelView[];
}

/** Names of channels, each leading to its page. */
export function ChannelNames({ ids, channels }: NamesProps) {
  return (
    <>
      {ids.map((id, i) => {
        const channel = channels.find((one) => one.id === id);
        return (
          <Fragment key={id}>
            {i > 0 && ", "}
            {channel === undefined ? (
              <span class="quiet">a former channel</span>
            ) : (
              <a href={formatRoute({ page: "channels", id })}>{channel.name}</a>
            )}
            {channel?.enabled === false && <span class="quiet"> (switched off)</span>}
          </Fragment>
        );
      })}
    </>
  );
}

function Buttons({
  route,
  isFirst,
  isLast,
  busy,
  actions,
}: Omit<RowProps, "place" | "channels" | "actions"> & { actions: RowActions }) {
  return (
    <div class="setting-actions">
      <button
        type="button"
        class="button-icon"
        aria-label={`Try ${route.name} earlier`}
        title="Earlier"
        disabled={busy || isFirst}
        onClick={() => actions.move(-1)}
      >
        <Icon name="up" />
      </button>
      <button
        type="button"
        class="button-icon"
        aria-label={`Try ${route.name} later`}
        title="Later"
        disabled={busy || isLast}
        onClick={() => actions.move(1)}
      >
        <Icon name="down" />
      </button>
      <button type="button" onClick={actions.edit}>
        Edit<span class="visually-hidden"> {route.name}</span>
      </button>
      <DeleteButton onDelete={actions.remove} />
    </div>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
