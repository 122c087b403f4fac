/** Who is told of what: the routes in the order they are tried, and what becomes of everything else. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { AlertRouteView, ChannelView } from "@belfry/contract";
import { useMemo } from "preact/hooks";
import type { Failure } from "../../api/failure.ts";
import type { Editing } from "../../form/form-dialog.tsx";
import { useFollowed } from "../../live/use-followed.ts";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Icon } from "../../parts/icon.tsx";
import { plainChannels, plainWouldTell } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayAdminister } from "../../shell/access.ts";
import { useParts, type Parts } from "../../shell/parts.ts";
import { bodyOf, draftOf, inputOf, newDraft } from "./route-draft.ts";
import { RouteForm } from "./route-form.tsx";
import { inOrder, lastPosition, movesOf } from "./route-order.ts";
import { ChannelNames, RouteRow } from "./route-row.tsx";
import "../../parts/settings-list.css";
import "./routes-page.css";

const everyMs = 15_000;

/** Draws the routes. */
export function RoutesPage() {
  const { client } = useParts();
  const routes = useFollowed("routes", () => client.alertRoutes(), { everyMs });
  const channels = useFollowed("channels", () => client.channels(), { everyMs });
  useSignalEffect(() => {
    document.title = "Routes – Belfry";
  });
  const ofRoutes = routes.value.value;
  const ofChannels = channels.value.value;
  const failure = routes.failure.value ?? channels.failure.value;
  const refresh = (): void => {
    routes.refresh();
    channels.refresh();
  };
  if (ofRoutes === null || ofChannels === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The routes" failure={failure} onRetry={refresh} />;
  }
  return (
    <>
      <div class="alert-title">
        <h1>Who is told of what</h1>
      </div>
      <AlertTabs at="routes" />
      <Routes
        routes={inOrder(ofRoutes.items)}
        channels={ofChannels.items}
        onChange={() => routes.refresh()}
      />
    </>
  );
}

interface RoutesProps {
  readonly routes: readonly AlertRouteView[];
  readonly channels: readonly ChannelView[];
  readonly onChange: () => void;
}

function Routes({ routes, channels, onChange }: RoutesProps) {
  const parts = useParts();
  const writes = mayAdminister(parts.access.state.value);
  const actions = useMemo(() => createRouteActions(parts, onChange), []);
  const editing = useSignal<Editing | null>(null);
  const edited = useSignal<AlertRouteView | null>(null);
  const deleted = useSignal<AlertRouteView | null>(null);
  const deleting = useSignal(false);
  const busy = useSignal(false);

  function edit(route: AlertRouteView | null): void {
    edited.value = route;
    editing.value = {
      title: route === null ? "New route" : `Edit ${route.name}`,
      verb: route === null ? "Create" : "Save",
      draft: route === null ? newDraft() : draftOf(route),
      secrets: [],
    };
  }

  const own = routes.filter((one) => one.managed_by === null);

  async function move(route: AlertRouteView, by: number): Promise<void> {
    busy.value = true;
    await actions.move(own, route, by);
    busy.value = false;
  }

  return (
    <>
      <Tools isEmpty={routes.length === 0} onNew={writes ? () => edit(null) : null} />
      <ol class="settings-list routes">
        {routes.map((route, i) => (
          <RouteRow
            key={route.id}
            route={route}
            place={i + 1}
            isFirst={route === own[0]}
            isLast={route === own.at(-1)}
            channels={channels}
            busy={busy.value}
            actions={
              writes && route.managed_by === null
                ? {
                    edit: () => edit(route),
                    move: (by) => void move(route, by),
                    remove: () => {
                      deleted.value = route;
                      deleting.value = true;
                    },
                  }
                : null
            }
          />
        ))}
        <Otherwise channels={channels} />
      </ol>
      <RouteForm
        editing={editing}
        channels={channels}
        onSave={(draft) => actions.save(edited.value, draft, lastPosition(own))}
      />
      <DeleteDialog
        title="Delete this route?"
        name={null}
        open={deleting}
        onDelete={() => actions.remove(deleted.value)}
      >
        What <b>{deleted.value?.name}</b> matched is decided by the routes behind it from then on.
        To keep it, switch it off instead.
      </DeleteDialog>
    </>
  );
}

interface ToolsProps {
  readonly isEmpty: boolean;
  /** null: changes are not for whoever looks. */
  readonly onNew: (() => void) | null;
}

function Tools({ isEmpty, onNew }: ToolsProps) {
  return (
    <div class="settings-tools">
      <p class="quiet">
        {isEmpty
          ? "There is no route: the default channels are told of everything."
          : "Tried from the first to the last; the first that matches decides."}{" "}
        <a href={formatRoute(plainWouldTell)}>Who would be told if something failed now?</a>
      </p>
      {onNew !== null && (
        <button type="button" onClick={onNew}>
          <Icon name="plus" /> New route
        </button>
      )}
    </div>
  );
}

/** What becomes of what no route matches. */
function Otherwise({ channels }: Pick<RoutesProps, "channels">) {
  const defaults = channels.filter((one) => one.is_default);
  return (
    <li class="setting route route-rest">
      <span class="route-place" aria-hidden="true">
        …
      </span>
      <div class="setting-what">
        <p class="setting-name">
          <b>Everything else</b>
        </p>
        {defaults.some(({ enabled }) => enabled) ? (
          <p class="route-told">
            <span class="quiet">tells</span>{" "}
            <ChannelNames ids={defaults.map(({ id }) => id)} channels={channels} />
          </p>
        ) : (
          <p class="route-nobody">
            Tells nobody: no <a href={formatRoute(plainChannels)}>channel</a> is a default.
          </p>
        )}
      </div>
    </li>
  );
}

/** Saves, deletes and moves; each says how it went. */
function createRouteActions(
  { client, toasts }: Pick<Parts, "client" | "toasts">,
  onChange: () => void,
) {
  return {
    async save(
      former: AlertRouteView | null,
      draft: unknown,
      last: number,
    ): Promise<Failure | undefined> {
      const body = bodyOf(draft, former?.position ?? last);
      const reply = await client.saveAlertRoute(former, body);
      if (reply.kind === "failed") return reply.failure;
      toasts.say("Saved.");
      onChange();
      return undefined;
    },
    async remove(route: AlertRouteView | null): Promise<Failure | undefined> {
      if (route === null) return undefined;
      const reply = await client.deleteAlertRoute(route.id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say("The route was deleted.");
      onChange();
      return undefined;
    },
    /** One position is written after the other; what fails half-way is shown as it is then. */
    async move(
      routes: readonly AlertRouteView[],
      route: AlertRouteView,
      by: number,
    ): Promise<void> {
      for (const moved of movesOf(routes, route.id, by)) {
        const body = { ...inputOf(moved.route), position: moved.position };
        const reply = await client.saveAlertRoute(moved.route, body);
        if (reply.kind === "ok") continue;
        toasts.say("Not moved: somebody else has changed the routes meanwhile.", "bad");
        break;
      }
      onChange();
    },
  };
}
