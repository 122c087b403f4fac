/** The page of one monitor. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure } from "../../api/failure.ts";
import { Notice } from "../../parts/notice.tsx";
import { titleOf } from "../../parts/status-words.ts";
import { formatRoute, monitorPage, ranges, type MonitorPageView } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { Missing } from "../missing/missing.tsx";
import { createActions } from "./actions.ts";
import { ChartSection } from "./chart-section.tsx";
import { Checks } from "./checks.tsx";
import { createChartModel } from "./chart-model.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { Facts } from "./facts.tsx";
import { Incidents } from "./incidents.tsx";
import { createMonitorModel } from "./monitor-model.ts";
import { MonitorHead } from "./monitor-head.tsx";
import "./monitor-page.css";

/** Draws the monitor of an id. */
export function MonitorPage({ id }: { id: string }) {
  const parts = useParts();
  const { client, live, router, access } = parts;
  const view = useComputed<MonitorPageView>(() =>
    router.view.value.page === "monitor" && router.view.value.id === id
      ? router.view.value
      : monitorPage(id),
  );
  const now = (): number => Date.now();
  const model = useMemo(() => createMonitorModel(id, { client, live, now }), [id]);
  const chart = useMemo(
    () => createChartModel(id, { client, view, monitor: model.monitor, heard: model.heard, now }),
    [id],
  );
  useEffect(
    () => () => {
      chart[Symbol.dispose]();
      model[Symbol.dispose]();
    },
    [model, chart],
  );
  const deleting = useSignal(false);
  const checking = useSignal(false);
  const actions = useMemo(() => createActions(id, model, parts, checking), [id]);
  const writes = mayWrite(access.state.value);
  useSignalEffect(() => {
    const monitor = model.monitor.value;
    if (monitor !== null) document.title = `${titleOf(monitor.status)}: ${monitor.name} – Belfry`;
  });
  const toRange = (by: number): void => {
    const next = ranges[ranges.indexOf(view.value.range) + by];
    if (next !== undefined) router.go({ ...view.value, range: next, zoom: null });
  };
  useKeys({
    ...(writes
      ? {
          c: () => void actions.checkNow(),
          p: () => void actions.toggle(),
          e: () => router.go({ page: "form", id, copyOf: null }),
        }
      : {}),
    "[": () => toRange(-1),
    "]": () => toRange(1),
    Escape: () => router.go({ ...view.value, zoom: null }),
  });

  const monitor = model.monitor.value;
  const failure = model.failure.value;
  if (failure === "missing") return <Missing what="There is no such monitor." />;
  if (monitor === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return (
      <Notice title="This monitor cannot be shown" tone="bad">
        <p>{describeFailure(failure)}</p>
        <button type="button" onClick={() => model.refresh()}>
          Try again
        </button>
      </Notice>
    );
  }
  return (
    <article class="monitor-page">
      <MonitorHead
        monitor={monitor}
        actions={writes ? actions : null}
        checking={checking.value}
        onDelete={() => (deleting.value = true)}
      />
      <Facts monitor={monitor} uptimes={model.uptimes.value} />
      <ChartSection
        model={chart}
        view={view.value}
        onView={(next) => router.go({ ...view.value, ...next })}
      />
      <div class="monitor-columns">
        <Incidents model={model} mayWrite={writes} />
        <Checks model={model} />
      </div>
      <DeleteDialog
        monitor={monitor}
        open={deleting}
        onDelete={() => actions.remove()}
        copyHref={formatRoute({ page: "form", id: null, copyOf: id })}
      />
    </article>
  );
}
