/** The page of one host: what `top`, `df` and `free` would say, and how it came to that. */
import { signal, useComputed, useSignal, type ReadonlySignal } from "@preact/signals";
import type { HostDetailView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Incidents } from "../../parts/incidents.tsx";
import { SubjectPage } from "../../parts/subject-page.tsx";
import { hostPage, type HostPageView } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { Interfaces, System, Units, Users } from "./about.tsx";
import { createChartsModel, type ChartsModel } from "./charts-model.ts";
import { CleanDialog } from "./clean-dialog.tsx";
import { ContainerSection } from "./containers.tsx";
import { EditDialog } from "./edit-dialog.tsx";
import { Figures } from "./figures.tsx";
import { createHostActions } from "./host-actions.ts";
import { HostHead } from "./host-head.tsx";
import { createHostModel, type HostModel } from "./host-model.ts";
import { DeviceCharts, MachineCharts, TimeBar } from "./host-charts.tsx";
import { Processes } from "./processes.tsx";
import { HostUptime } from "./host-uptime.tsx";
import "./host-page.css";
import "./host-tables.css";

/** Draws the host of an id. */
export function HostPage({ id }: { id: string }) {
  const { model, charts, view } = useModels(id);
  return (
    <SubjectPage
      noun="host"
      subject={model}
      draw={(host) => <Shown host={host} model={model} charts={charts} view={view} />}
    />
  );
}

interface Models {
  readonly model: HostModel;
  readonly charts: ChartsModel;
  readonly view: ReadonlySignal<HostPageView>;
}

/** The models of the page, from when it is shown until it is left. */
function useModels(id: string): Models {
  const { client, live, router } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "host" && router.view.value.id === id
      ? router.view.value
      : hostPage(id),
  );
  const isSeen = useMemo(() => signal(!document.hidden), []);
  const now = (): number => Date.now();
  const model = useMemo(() => createHostModel(id, { client, live, now }), [id]);
  const charts = useMemo(
    () =>
      createChartsModel(id, {
        client,
        view,
        host: model.view,
        heard: model.heard,
        isSeen,
        width: chartWidth,
        now,
      }),
    [id],
  );
  useEffect(() => {
    const follow = (): void => void (isSeen.value = !document.hidden);
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      charts[Symbol.dispose]();
      model[Symbol.dispose]();
    };
  }, [model, charts]);
  return { model, charts, view };
}

/** About as wide as a chart is: two beside each other, one on narrow screens. */
function chartWidth(): number {
  const page = Math.min(innerWidth, 1344) - 48;
  return (innerWidth > 900 ? page / 2 : page) - 100;
}

function Shown({ host, model, charts, view }: Models & { host: HostDetailView }) {
  const parts = useParts();
  const { router, access } = parts;
  const { id, details } = host;
  const open = { edit: useSignal(false), clean: useSignal(false), delete: useSignal(false) };
  const actions = useMemo(() => createHostActions(id, { model, charts }, parts), [id]);
  const writes = mayWrite(access.state.value);
  const show = (next: Pick<HostPageView, "range" | "zoom">): void =>
    router.go({ page: "host", id, range: next.range, zoom: next.zoom });
  const zoom = (to: HostPageView["zoom"]): void => show({ ...view.value, zoom: to });
  useKeys(writes ? { p: () => void actions.toggle(), e: () => void (open.edit.value = true) } : {});
  return (
    <article class="host-page">
      <HostHead
        host={host}
        actions={writes ? actions : null}
        onEdit={() => (open.edit.value = true)}
        onClean={() => (open.clean.value = true)}
        onDelete={() => (open.delete.value = true)}
      />
      <Figures host={host} />
      <TimeBar model={charts} shown={view.value} onShow={show} />
      <MachineCharts model={charts} onZoom={zoom} />
      {details?.processes !== undefined && <Processes processes={details.processes} />}
      <DeviceCharts model={charts} fileSystems={host.file_systems} onZoom={zoom} />
      {details?.containers !== undefined && <ContainerSection containers={details.containers} />}
      <div class="about">
        {details?.units !== undefined && <Units units={details.units} />}
        {details?.users !== undefined && <Users users={details.users} />}
        {details?.interfaces !== undefined && <Interfaces list={details.interfaces} />}
        <System host={host} />
      </div>
      <div class="section-columns host-past">
        <HostUptime uptimes={model.past.uptimes.value} />
        <Incidents past={model.past} mayWrite={writes} subject={{ kind: "host", id }} />
      </div>
      <p class="host-units">
        Sizes in GiB and MiB (powers of 1024), as <code>df -h</code> and <code>free -h</code> print
        them; rates in MB/s (powers of 1000).
      </p>
      {writes && (
        <>
          <EditDialog host={host} open={open.edit} onSave={(patch) => actions.change(patch)} />
          <CleanDialog name={host.name} open={open.clean} onClean={() => actions.clean()} />
          <DeleteDialog
            title="Delete this host?"
            name={host.name}
            open={open.delete}
            onDelete={() => actions.remove()}
          >
            Its samples and uptime go with it and cannot be brought back; incidents stay. If its
            agent still runs, it appears again as a new host: stop the agent first.
          </DeleteDialog>
        </>
      )}
    </article>
  );
}
