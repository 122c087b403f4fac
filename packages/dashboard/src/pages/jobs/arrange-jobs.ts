/** Which jobs the list shows and in which order, and what a word of a run changes in one. Pure. */
import type { JobTrouble, JobView, RunView } from "@belfry/contract";
import { jobTroubleStates, stateOfJob } from "../../parts/run-words.ts";
import { jobStates, type JobState, type JobsView } from "../../route/job-route.ts";

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Whether a job is a part of others. */
export function isSubjob(job: JobView): boolean {
  return job.type === "subjob" || (job.last_run?.parent_id ?? null) !== null;
}

/** The jobs a view asks for: those in trouble first, then those that run, then all others; each by name. */
export function arrangeJobs(jobs: readonly JobView[], view: JobsView): readonly JobView[] {
  const words = fold(view.q)
    .split(/\s+/)
    .filter((word) => word !== "");
  return jobs
    .filter((job) => view.subjobs || !isSubjob(job))
    .filter((job) => view.states.length === 0 || view.states.includes(stateOfJob(job)))
    .filter((job) => {
      const text = fold(`${job.name} ${job.app} ${job.site}`);
      return words.every((word) => text.includes(word));
    })
    .map((job) => ({ job, rank: rankOf(stateOfJob(job)) }))
    .toSorted(
      (a, b) =>
        a.rank - b.rank || names.compare(a.job.name, b.job.name) || (a.job.id < b.job.id ? -1 : 1),
    )
    .map(({ job }) => job);
}

function rankOf(state: JobState): number {
  return Math.min(jobStates.indexOf(state), jobStates.indexOf("waiting"));
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** How many jobs have each state, those without any left out; the worst first. */
export function countStates(
  jobs: readonly JobView[],
  subjobs: boolean,
): readonly { readonly state: JobState; readonly count: number }[] {
  const shown = jobs.filter((job) => subjobs || !isSubjob(job)).map(stateOfJob);
  return jobStates
    .map((state) => ({ state, count: shown.filter((one) => one === state).length }))
    .filter(({ count }) => count > 0);
}

/**
 * A job after something was heard of one of its runs; the same job where it was of an older one. What only the hub
 * knows, such as when it is expected next, stays until it is fetched anew.
 */
export function withRun(job: JobView, run: RunView): JobView {
  const last = job.last_run;
  const isSame = last?.id === run.id;
  if (!isSame && last !== null && startOf(run) < startOf(last)) return job;
  const recent = isSame ? job.recent.slice(1) : job.recent;
  return {
    ...job,
    last_run: run,
    troubles: troublesAfter(job, run, isSame),
    recent: run.status === null ? job.recent : [run.status, ...recent],
  };
}

function troublesAfter(job: JobView, run: RunView, isSame: boolean): JobTrouble[] {
  const holds: Readonly<Record<JobTrouble, boolean>> = {
    failed: run.status === "failed",
    lost: run.status === "lost",
    late: isSame && job.troubles.includes("late"),
    slow: run.is_slow,
  };
  return jobTroubleStates.filter((trouble) => holds[trouble]);
}

function startOf(run: RunView): number {
  return run.started_at === null ? 0 : Date.parse(run.started_at);
}
