/** The calls of jobs, runs and outputs. */
import type {
  DeadLetterView,
  JobChange,
  JobView,
  KeptEventView,
  OutputsView,
  RunTreeView,
  RunView,
  ShownRunStatus,
} from "@belfry/contract";
import type { Page } from "./client.ts";
import type { Reply } from "./failure.ts";
import { queryOf, withSignal } from "./query.ts";
import type { Requester } from "./request.ts";

const api = "/api/v1";

/** The most jobs, and events of a run, the API gives at once. */
const mostJobs = 200;

/** Which runs to list; without anything, all of them. */
export interface RunFilter {
  /** Id of a job. */
  readonly job?: string;
  readonly status?: readonly ShownRunStatus[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Which dead letters: by their sequences, or all. */
export type DeadLetterChoice = "all" | readonly number[];

/** Makes the calls. */
export function jobCalls(ask: Requester["ask"]) {
  return {
    /** A page of jobs, by name. */
    jobs: (cursor: string | null, signal?: AbortSignal): Promise<Reply<Page<JobView>>> =>
      ask(
        "GET",
        `${api}/jobs?${queryOf({ limit: mostJobs, cursor: cursor ?? undefined })}`,
        withSignal(signal),
      ),
    job: (id: string): Promise<Reply<JobView>> => ask("GET", `${api}/jobs/${id}`),
    patchJob: (id: string, version: number, change: JobChange): Promise<Reply<JobView>> =>
      ask("PATCH", `${api}/jobs/${id}`, { body: change, ifMatch: version }),
    /** Deletes a job with its runs. */
    deleteJob: (id: string): Promise<Reply<undefined>> => ask("DELETE", `${api}/jobs/${id}`),
    /** A page of runs, those that began last first. */
    runs: ({ status, ...filter }: RunFilter): Promise<Reply<Page<RunView>>> =>
      ask("GET", `${api}/runs?${queryOf({ ...filter, status: status?.join(",") })}`),
    /** A run with the runs below it. */
    run: (id: string): Promise<Reply<RunTreeView>> => ask("GET", `${api}/runs/${id}`),
    /** A page of a run's events, the oldest first. */
    runEvents: (
      id: string,
      page: { readonly limit: number; readonly cursor: string | null },
    ): Promise<Reply<Page<KeptEventView>>> =>
      ask(
        "GET",
        `${api}/runs/${id}/events?${queryOf({ limit: page.limit, cursor: page.cursor ?? undefined })}`,
      ),
    outputs: (): Promise<Reply<OutputsView>> => ask("GET", `${api}/outputs`),
    /** A page of what an output refused for good. */
    deadLetters: (
      name: string,
      page: { readonly limit: number; readonly cursor: string | null },
    ): Promise<Reply<Page<DeadLetterView>>> =>
      ask(
        "GET",
        `${outputPath(name)}/dead-letters?${queryOf({ limit: page.limit, cursor: page.cursor ?? undefined })}`,
      ),
    /** Hands dead letters to their output again; answers with how many. */
    replayDeadLetters: (name: string, sequences: DeadLetterChoice): Promise<Reply<Counted>> =>
      ask("POST", `${outputPath(name)}/dead-letters/replay`, { body: { sequences } }),
    /** Deletes dead letters; answers with how many. */
    deleteDeadLetters: (name: string, sequences: DeadLetterChoice): Promise<Reply<Counted>> =>
      ask("POST", `${outputPath(name)}/dead-letters/delete`, { body: { sequences } }),
  } as const;
}

interface Counted {
  readonly count: number;
}

function outputPath(name: string): string {
  return `${api}/outputs/${encodeURIComponent(name)}`;
}
