/** Every job in one scan: what needs a person, what runs now, and what is expected next. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { SearchField } from "../../parts/filters.tsx";
import { Notice } from "../../parts/notice.tsx";
import { formatRoute } from "../../route/route.ts";
import { plainJobs, type JobsView } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import { createJobList, type JobList } from "./job-list-model.ts";
import { JobTable } from "./job-table.tsx";
import { JobsHeadline, JobTabs } from "./jobs-head.tsx";
import { NoJobs } from "./no-jobs.tsx";
import "./jobs-page.css";

/** Draws the list of the address. */
export function JobsPage() {
  const { client, live, router } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "jobs" ? router.view.value : plainJobs,
  );
  const model = useMemo(
    () => createJobList({ client, live, view, now: () => Date.now() }),
    [client, live, view],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const failed = model.counts.value.find(({ state }) => state === "failed")?.count ?? 0;
    document.title = failed === 0 ? "Jobs – Belfry" : `(${failed} failed) Jobs – Belfry`;
  });
  // A first run is heard of even while there is no row to watch.
  useSignalEffect(() => {
    if (model.ids.value.length === 0) model.see([]);
  });
  const failure = model.failure.value;
  if (model.total.value === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The jobs" failure={failure} onRetry={() => model.refresh()} />;
  }
  if (model.total.value === 0) return <NoJobs />;
  return (
    <>
      <JobsHeadline counts={model.counts.value} view={view.value} />
      <JobTabs page="jobs" />
      <JobTools view={view.value} />
      <Results model={model} />
    </>
  );
}

function JobTools({ view }: { view: JobsView }) {
  const { router } = useParts();
  const entering = useSignal(0);
  const asked = useComputed(() =>
    router.view.value.page === "jobs" ? router.view.value.q : undefined,
  );
  useSignalEffect(() => {
    if (entering.value === 0) return;
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".job-row a")?.focus());
  });
  return (
    <search class="tools">
      <SearchField
        asked={asked}
        label="Search jobs"
        placeholder="Search names, applications and sites"
        onSearch={(q) => router.replace({ ...view, q })}
        onEnter={() => (entering.value += 1)}
      />
      <label class="jobs-switch">
        <input
          type="checkbox"
          checked={view.subjobs}
          onChange={(event) => router.go({ ...view, subjobs: event.currentTarget.checked })}
        />
        With subjobs
      </label>
    </search>
  );
}

function Results({ model }: { model: JobList }) {
  if (model.ids.value.length > 0) return <JobTable model={model} />;
  return (
    <Notice title="No job fits" level={2}>
      <p>Nothing has all of what you asked for.</p>
      <a class="button" href={formatRoute({ ...plainJobs, subjobs: true })}>
        Show all
      </a>
    </Notice>
  );
}
