/** The first page: how things stand, and every monitor in one scan. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Notice } from "../../parts/notice.tsx";
import { formatRoute, newMonitor, plainOverview } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { FirstRun } from "./first-run.tsx";
import { HeadlineView } from "../../parts/headline-view.tsx";
import { MonitorList } from "./monitor-list.tsx";
import { createOverview, type OverviewModel } from "./overview-model.ts";
import { Tools } from "./tools.tsx";
import "./overview.css";

/** Draws the overview of the address. */
export function Overview() {
  const { client, live, router, now } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "overview" ? router.view.value : plainOverview,
  );
  const model = useMemo(
    () => createOverview({ client, live, view, now: () => now.peek() }),
    [client, live, view, now],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  const entering = useSignal(false);
  useSignalEffect(() => {
    // Not before what was searched for is there: the first row would be another one.
    if (!entering.value || model.loading.value) return;
    entering.value = false;
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".monitor-row a")?.focus());
  });
  useSignalEffect(() => {
    const down = model.counts.value?.["down"] ?? 0;
    document.title = down === 0 ? "Belfry" : `(${down} down) Belfry`;
  });
  const isPlain = useComputed(
    () => formatRoute({ ...view.value, order: "trouble" }) === formatRoute(plainOverview),
  );
  if (model.total.value === 0 && isPlain.value && model.failure.value === null) return <FirstRun />;
  return (
    <>
      {(model.failure.value === null || model.total.value !== null) && (
        <HeadlineView
          counts={model.counts.value}
          noun="monitor"
          asked={view.value.status}
          hrefOf={(status) => formatRoute({ ...view.value, status })}
        />
      )}
      <Tools view={view.value} onEnter={() => (entering.value = true)} />
      <Results model={model} isPlain={isPlain.value} />
    </>
  );
}

function Results({ model, isPlain }: { model: OverviewModel; isPlain: boolean }) {
  const failure = model.failure.value;
  if (failure !== null && model.ids.value.length === 0) {
    return <CannotShow what="The monitors" failure={failure} onRetry={() => model.refresh()} />;
  }
  if (model.total.value === 0 && !isPlain) {
    return (
      <Notice title="No monitor fits" level={2}>
        <p>Nothing has all of what you asked for.</p>
        <a class="button" href={formatRoute(plainOverview)}>
          Show all
        </a>{" "}
        <a class="button button-quiet" href={formatRoute(newMonitor)}>
          New monitor
        </a>
      </Notice>
    );
  }
  return <MonitorList model={model} />;
}
