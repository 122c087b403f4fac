/** The page of one job. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JobChange, JobView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import type { Failure } from "../../api/failure.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Missing } from "../../parts/missing.tsx";
import { stateOfJob, stateTitle } from "../../parts/run-words.ts";
import { jobPage, plainJobs } from "../../route/job-route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { createChartsModel, type ChartsModel } from "./charts-model.ts";
import { JobCharts } from "./job-charts.tsx";
import { JobFacts, JobHead } from "./job-head.tsx";
import { createJobModel, type JobModel } from "./job-model.ts";
import { JobRuns } from "./job-runs.tsx";
import { ScheduleDialog } from "./schedule-dialog.tsx";
import "./job-page.css";

/** Draws the job of an id. */
export function JobPage({ id }: { id: string }) {
  const { client, live, router } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "job" && router.view.value.id === id
      ? router.view.value
      : jobPage(id),
  );
  const model = useMemo(() => createJobModel(id, { client, live }), [id]);
  const charts = useMemo(
    () =>
      createChartsModel({
        client,
        view,
        job: model.job,
        runs: model.runs,
        ended: model.ended,
        now: () => Date.now(),
      }),
    [id],
  );
  useEffect(
    () => () => {
      charts[Symbol.dispose]();
      model[Symbol.dispose]();
    },
    [model, charts],
  );
  useSignalEffect(() => {
    const job = model.job.value;
    if (job !== null) document.title = `${stateTitle(stateOfJob(job))}: ${job.name} – Belfry`;
  });
  const job = model.job.value;
  const failure = model.failure.value;
  if (failure === "missing") return <Missing what="There is no such job." />;
  if (job !== null) return <Shown job={job} model={model} charts={charts} />;
  if (failure === null) return <p class="visually-hidden">Loading…</p>;
  return <CannotShow what="This job" failure={failure} onRetry={() => model.refresh()} />;
}

interface ShownProps {
  readonly job: JobView;
  readonly model: JobModel;
  readonly charts: ChartsModel;
}

function Shown({ job, model, charts }: ShownProps) {
  const { access, client, router, toasts } = useParts();
  const editing = useSignal(false);
  const deleting = useSignal(false);
  const writes = mayWrite(access.state.value);
  useKeys(writes ? { e: () => (editing.value = true) } : {});
  const view = router.view.value;
  const shown = view.page === "job" ? view : jobPage(job.id);

  async function save(change: JobChange): Promise<Failure | undefined> {
    const reply = await client.patchJob(job.id, job.version, change);
    if (reply.kind === "failed") return reply.failure;
    model.put(reply.value);
    toasts.say("Saved.");
    return undefined;
  }

  async function remove(): Promise<Failure | undefined> {
    const reply = await client.deleteJob(job.id);
    if (reply.kind === "failed") return reply.failure;
    toasts.say(`${job.name} was deleted.`);
    router.go(plainJobs);
    return undefined;
  }

  return (
    <article class="job-page">
      <JobHead
        job={job}
        writes={writes}
        onEdit={() => (editing.value = true)}
        onDelete={() => (deleting.value = true)}
      />
      <JobFacts job={job} />
      <JobCharts
        model={charts}
        shown={shown}
        onShow={({ range, zoom }) => router.go({ page: "job", id: job.id, range, zoom })}
      />
      <JobRuns model={model} />
      <ScheduleDialog job={job} open={editing} onSave={save} />
      <DeleteDialog title="Delete this job?" name={job.name} open={deleting} onDelete={remove}>
        Its runs, their events and series go with it and cannot be brought back. If it runs again,
        it appears again, as new.
      </DeleteDialog>
    </article>
  );
}
