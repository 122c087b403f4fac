/** The page of one monitor. */
import { useComputed, useSignal, type ReadonlySignal } from "@preact/signals";
import type { MonitorView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { SubjectPage } from "../../parts/subject-page.tsx";
import { formatRoute, monitorPage, type MonitorPageView } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { createActions } from "./actions.ts";
import { ChartSection } from "./chart-section.tsx";
import { Checks } from "./checks.tsx";
import { createChartModel, type ChartModel } from "./chart-model.ts";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Facts } from "./facts.tsx";
import { Later } from "../../parts/later.tsx";
import { Incidents } from "../../parts/incidents.tsx";
import { isPassive } from "../../parts/passive.ts";
import { createMonitorModel, type MonitorModel } from "./monitor-model.ts";
import { MonitorHead } from "./monitor-head.tsx";
import "./monitor-page.css";

const loadHeartbeat = async () =>
  (await import("../heartbeat/heartbeat-section.tsx")).HeartbeatSection;

const loadLocations = async () => (await import("./locations.tsx")).Locations;

/** Draws the monitor of an id. */
export function MonitorPage({ id }: { id: string }) {
  const { model, chart, view } = useModels(id);
  return (
    <SubjectPage
      noun="monitor"
      subject={model}
      draw={(monitor) => <Shown monitor={monitor} model={model} chart={chart} view={view} />}
    />
  );
}

interface Models {
  readonly model: MonitorModel;
  readonly chart: ChartModel;
  readonly view: ReadonlySignal<MonitorPageView>;
}

/** The models of the page, from when it is shown until it is left. */
function useModels(id: string): Models {
  const { client, live, router } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "monitor" && router.view.value.id === id
      ? router.view.value
      : monitorPage(id),
  );
  const now = (): number => Date.now();
  const model = useMemo(() => createMonitorModel(id, { client, live, now }), [id]);
  const chart = useMemo(
    () => createChartModel(id, { client, view, monitor: model.view, heard: model.heard, now }),
    [id],
  );
  useEffect(
    () => () => {
      chart[Symbol.dispose]();
      model[Symbol.dispose]();
    },
    [model, chart],
  );
  return { model, chart, view };
}

function Shown({ monitor, model, chart, view }: Models & { monitor: MonitorView }) {
  const parts = useParts();
  const { router, access } = parts;
  const { id } = monitor;
  const deleting = useSignal(false);
  const checking = useSignal(false);
  const actions = useMemo(() => createActions(id, model, parts, checking), [id]);
  const writes = mayWrite(access.state.value);
  useKeys(
    writes
      ? {
          c: () => void actions.checkNow(),
          p: () => void actions.toggle(),
          e: () => router.go({ page: "form", id, copyOf: null }),
        }
      : {},
  );
  return (
    <article class="monitor-page">
      <MonitorHead
        monitor={monitor}
        actions={writes ? actions : null}
        checking={checking.value}
        onDelete={() => (deleting.value = true)}
      />
      {monitor.kind === "heartbeat" && <Later load={loadHeartbeat} give={{ id }} />}
      <Facts monitor={monitor} uptimes={model.past.uptimes.value} />
      {monitor.locations.length > 0 && <Later load={loadLocations} give={{ monitor, model }} />}
      <ChartSection
        model={chart}
        view={view.value}
        isPassive={isPassive(monitor.kind)}
        onView={({ range = view.value.range, zoom = null }) =>
          router.go({ page: "monitor", id, range, zoom })
        }
      />
      <div class="monitor-columns">
        <Incidents past={model.past} mayWrite={writes} subject={{ kind: "monitor", id }} />
        <Checks model={model} isPassive={isPassive(monitor.kind)} />
      </div>
      <DeleteDialog
        title="Delete this monitor?"
        name={monitor.name}
        open={deleting}
        onDelete={() => actions.remove()}
      >
        Its checks, series and uptime go with it and cannot be brought back; incidents stay. To keep
        the history, pause it instead, or{" "}
        <a href={formatRoute({ page: "form", id: null, copyOf: id })}>copy its settings</a> first.
      </DeleteDialog>
    </article>
  );
}
