/** The addresses of what has to do with jobs: the list, recent failures, one job, one run, and the outputs. */
import type { JobTrouble, ShownRunStatus } from "@belfry/contract";
import type { Range, Span } from "./route.ts";

/** How a job can be, as one word; the worst that holds counts. `waiting`: it never ran. */
export type JobState = JobTrouble | ShownRunStatus | "waiting";

/** All states, the worst first. */
export const jobStates = [
  "failed",
  "lost",
  "late",
  "slow",
  "running",
  "waiting",
  "canceled",
  "succeeded",
] as const satisfies readonly JobState[];

/** Ranges of a job's page; they end now. */
export const jobRanges = ["24h", "7d", "30d", "1y"] as const satisfies readonly Range[];

/** What the list of jobs shows. */
export interface JobsView {
  readonly page: "jobs";
  /** Words to search for; empty: all. */
  readonly q: string;
  /** Any of these; empty: all. */
  readonly states: readonly JobState[];
  /** Whether parts of other jobs are shown as well. */
  readonly subjobs: boolean;
}

/** Runs of all jobs that failed or were lost. */
export interface FailuresView {
  readonly page: "failures";
}

/** What the page of one job shows. */
export interface JobPageView {
  readonly page: "job";
  readonly id: string;
  readonly range: Range;
  /** Set while zoomed in; the range is what one returns to. */
  readonly zoom: Span | null;
}

/** The page of one run. */
export interface RunPageView {
  readonly page: "run";
  readonly id: string;
}

/** All outputs, or the dead letters of one. */
export interface OutputsPageView {
  readonly page: "outputs";
  /** null: all outputs. */
  readonly name: string | null;
}

export type JobRelatedView = JobsView | FailuresView | JobPageView | RunPageView | OutputsPageView;

/** All jobs but those that are parts of others. */
export const plainJobs: JobsView = { page: "jobs", q: "", states: [], subjobs: false };

/** Recent failures. */
export const plainFailures: FailuresView = { page: "failures" };

/** All outputs. */
export const plainOutputs: OutputsPageView = { page: "outputs", name: null };

/** The page of a job as it opens. */
export function jobPage(id: string): JobPageView {
  return { page: "job", id, range: "7d", zoom: null };
}

/** The page of a run. */
export function runPage(id: string): RunPageView {
  return { page: "run", id };
}

/** The list an address asks for. */
export function jobsOf(query: URLSearchParams): JobsView {
  const asked = new Set((query.get("state") ?? "").split(","));
  return {
    page: "jobs",
    q: query.get("q") ?? "",
    states: jobStates.filter((state) => asked.has(state)),
    subjobs: query.get("subjobs") === "shown",
  };
}

/** What of a list stands in its address. */
export function jobsQuery({ q, states: asked, subjobs }: JobsView) {
  return [
    ...(q === "" ? [] : [["q", q] as const]),
    ...(asked.length === 0 ? [] : [["state", asked.join(",")] as const]),
    ...(subjobs ? [["subjobs", "shown"] as const] : []),
  ];
}

/** The outputs an address asks for; `text` is the last part of its path, empty for all. */
export function outputsOf(text: string): OutputsPageView | undefined {
  if (text === "") return plainOutputs;
  try {
    return { page: "outputs", name: decodeURIComponent(text) };
  } catch {
    return undefined;
  }
}
